import { describe, expect, it } from 'vitest';
import { Layout, leaseSeconds } from '../../../src/host/iptables/chains.ts';
import type { Form } from '../../../src/host/iptables/form.ts';
import { replacement, removal } from '../../../src/host/iptables/restore-text.ts';
import { parseSavedTable } from '../../../src/host/iptables/saved-table.ts';
import { interceptedBy, standingOf } from '../../../src/host/iptables/standing.ts';
import type { InterceptionPlan } from '../../../src/host/rules.ts';

const FULL: Form = { recent: true, u32: true, socket: true, addrtype: true, exempt: 'CT --notrack' };
const PLAN: InterceptionPlan = {
  addresses: ['10.96.0.10', '169.254.20.10', 'fd00::a'],
  dnsPort: 53,
  healthPort: 8080,
  leaseMs: 1000,
};
const EMPTY = parseSavedTable(':PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]');

/** What stands once `text` was restored on an empty table. */
const standingAfter = (text: string): string =>
  ['-A PREROUTING 0', ...text.split('\n').map((line) => line.replace(/^-I (\S+) 1 /, '-A $1 '))]
    .filter((line) => /^[:-]/.test(line) && line !== '-A PREROUTING 0')
    .join('\n');

const install = (layout: Layout, armed: readonly string[] = PLAN.addresses): string =>
  replacement(EMPTY, layout.rulesOf(4, armed), PLAN);

const specsIn = (layout: Layout, chain: string, family: 4 | 6 = 4): string[] =>
  layout
    .rulesOf(family, PLAN.addresses)
    .rules.filter((rule) => rule.chain === chain)
    .map(({ spec }) => spec.replace(/ -m comment --comment "[^"]+"/, ''));

describe('the leased form', () => {
  const layout = new Layout(PLAN, FULL);

  it('intercepts what pods ask only of armed, live and local addresses on which somebody listens', () => {
    expect(specsIn(layout, 'NODELOCALDNS-IN')).toEqual(
      ['udp', 'tcp'].map(
        (protocol) =>
          `-p ${protocol} -m ${protocol} --dport 53 -m addrtype --dst-type LOCAL -m recent --name nodelocaldns-armed4 --rcheck --rdest -m recent --name nodelocaldns-live4 --rcheck --seconds 1 --rdest -m socket -j CT --notrack`,
      ),
    );
  });

  it('renews by positive answers over UDP from armed addresses', () => {
    expect(specsIn(layout, 'NODELOCALDNS-FROM')[0]).toBe(
      '-p udp -m udp --sport 53 -m u32 --u32 "0>>22&0x3C@8&0x800F=0x8000,0x8003" -m recent --name nodelocaldns-armed4 --rcheck --rsource -m recent --name nodelocaldns-live4 --set --rsource',
    );
    expect(specsIn(layout, 'NODELOCALDNS-FROM', 6)[0]).toContain('--u32 "48&0x800F=0x8000,0x8003"');
  });

  it('asks for no socket of packets that leave, where the match does not exist', () => {
    expect(specsIn(layout, 'NODELOCALDNS-ASK').join()).not.toContain('socket');
  });

  it('has the same rules whatever is armed', () => {
    expect(layout.rulesOf(4, [])).toEqual(layout.rulesOf(4, PLAN.addresses));
  });

  it('has rules for the addresses of one family only', () => {
    expect(install(layout)).not.toContain('fd00');
  });

  it.each([
    { leaseMs: 500, seconds: 1 },
    { leaseMs: 1000, seconds: 1 },
    { leaseMs: 1001, seconds: 2 },
    { leaseMs: 10_000, seconds: 10 },
  ])('lasts $seconds s for $leaseMs ms', ({ leaseMs, seconds }) => {
    expect(leaseSeconds({ ...PLAN, leaseMs })).toBe(seconds);
  });
});

describe('what stands', () => {
  const layout = new Layout(PLAN, FULL);
  const wanted = layout.rulesOf(4, []);
  const whole = standingAfter(install(layout));

  it('is complete as it was installed, and absent on an empty table', () => {
    expect(standingOf(parseSavedTable(whole), wanted)).toBe('complete');
    expect(standingOf(EMPTY, wanted)).toBe('absent');
  });

  it('is complete with rules of others before our jumps', () => {
    expect(standingOf(parseSavedTable(`-A OUTPUT -j mine\n-A PREROUTING -j mine\n${whole}`), wanted)).toBe(
      'complete',
    );
  });

  it.each([
    { name: 'a jump is gone', text: whole.replace(/^-A OUTPUT .*$/m, '') },
    { name: 'a jump stands twice', text: `${whole}\n${/^-A OUTPUT .*$/m.exec(whole)?.[0] ?? ''}` },
    { name: 'a rule is gone', text: whole.replace(/^-A NODELOCALDNS-IN .*\n/m, '') },
    { name: 'a rule was added', text: `${whole}\n-A NODELOCALDNS-IN -j ACCEPT` },
    { name: 'a chain was added', text: `${whole}\n:NODELOCALDNS-X - [0:0]` },
    {
      name: 'two rules changed places',
      text: whole.replace(/^(-A NODELOCALDNS-IN .*)\n(-A NODELOCALDNS-IN .*)$/m, '$2\n$1'),
    },
    { name: 'only the chains are left', text: whole.replaceAll(/^-A .*$/gm, '') },
  ])('is damaged when $name', ({ text }) => {
    expect(text).not.toBe(whole);
    expect(standingOf(parseSavedTable(text), wanted)).toBe('damaged');
  });

  it.each([
    { name: 'lease', plan: { ...PLAN, leaseMs: 2000 } },
    { name: 'port', plan: { ...PLAN, dnsPort: 5353 } },
    { name: 'health port', plan: { ...PLAN, healthPort: undefined } },
    { name: 'address of the other family', plan: { ...PLAN, addresses: PLAN.addresses.slice(0, 2) } },
  ])('is damaged for a plan with another $name', ({ plan }) => {
    const other = new Layout(plan, FULL).rulesOf(4, []);
    expect(standingOf(parseSavedTable(whole), other)).toBe('damaged');
  });

  it('is damaged for another form of the same plan', () => {
    const other = new Layout(PLAN, { ...FULL, u32: false }).rulesOf(4, []);
    expect(standingOf(parseSavedTable(whole), other)).toBe('damaged');
  });
});

describe('the form without a lease', () => {
  const layout = new Layout(PLAN, { ...FULL, recent: false });

  it('intercepts by rules for armed addresses alone, which can be read back', () => {
    const armed = ['169.254.20.10'];
    const saved = parseSavedTable(standingAfter(install(layout, armed)));
    expect(interceptedBy(saved)).toEqual(armed);
    expect(standingOf(saved, layout.rulesOf(4, armed))).toBe('complete');
    expect(standingOf(saved, layout.rulesOf(4, []))).toBe('damaged');
  });

  it('names no list', () => {
    expect(install(layout)).not.toContain('recent');
  });
});

describe('a restore call', () => {
  const layout = new Layout(PLAN, FULL);
  const former = parseSavedTable(`:PREROUTING ACCEPT [0:0]
:NODELOCALDNS-IN - [0:0]
:NODELOCALDNS-OLD - [0:0]
-A PREROUTING -j NODELOCALDNS-OLD
-A PREROUTING -p udp -j mine
-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK
-A NODELOCALDNS-IN -j NODELOCALDNS-OLD`);

  it('takes former rules away in the same table and step that puts ours, first in their chains', () => {
    const lines = replacement(former, layout.rulesOf(4, []), PLAN).split('\n');
    expect(lines.filter((line) => /^[*C]/.test(line))).toEqual(['*raw', 'COMMIT']);
    expect(lines.filter((line) => line.startsWith('-D'))).toEqual([
      '-D PREROUTING -j NODELOCALDNS-OLD',
      '-D PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK',
    ]);
    expect(lines.filter((line) => line.startsWith('-I')).map((line) => line.split(' ').slice(0, 3))).toEqual([
      ['-I', 'PREROUTING', '1'],
      ['-I', 'OUTPUT', '1'],
    ]);
    expect(lines.filter((line) => line.startsWith('-X'))).toEqual(['-X NODELOCALDNS-OLD']);
  });

  it('empties all chains of ours before it deletes one', () => {
    const lines = removal(former, []).split('\n');
    const lastEmptied = lines.findLastIndex((line) => line.startsWith(':'));
    expect(lines.findIndex((line) => line.startsWith('-X'))).toBeGreaterThan(lastEmptied);
    expect(removal(EMPTY, [])).toBe('');
  });
});
