import { describe, expect, it } from 'vitest';
import {
  hasOurs,
  nodeCacheRules,
  nodeCacheRulesOfAny,
  ourChains,
  ourJumps,
} from '../../../src/host/iptables/former-rules.ts';
import type { RuleTable } from '../../../src/host/iptables/former-rules.ts';
import { parseSavedTable } from '../../../src/host/iptables/saved-table.ts';
import type { InterceptionPlan } from '../../../src/host/rules.ts';

const PLAN: InterceptionPlan = {
  addresses: ['10.96.0.10', 'fd00::a'],
  dnsPort: 53,
  healthPort: 8080,
  leaseMs: 1000,
};

const count = (table: RuleTable, line: string): number =>
  nodeCacheRules(table, parseSavedTable(line), PLAN).length;

describe("node-cache's rules", () => {
  it.each<{ name: string; table: RuleTable; line: string; recognised: boolean }>([
    {
      name: 'one with its comment',
      table: 'raw',
      line: '-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK',
      recognised: true,
    },
    {
      name: 'one with its comment for an address that is not ours',
      table: 'raw',
      line: '-A OUTPUT -s 192.0.2.9/32 -p tcp -m tcp --sport 8080 -m comment --comment "NodeLocal DNS Cache: skip conntrack" -j CT --notrack',
      recognised: true,
    },
    {
      name: 'an acceptance with its comment',
      table: 'filter',
      line: '-A INPUT -d 10.96.0.10/32 -p udp -m udp --dport 53 -m comment --comment "NodeLocal DNS Cache: allow DNS traffic" -j ACCEPT',
      recognised: true,
    },
    {
      name: 'an older one',
      table: 'raw',
      line: '-A OUTPUT -s 10.96.0.10/32 -p tcp -m tcp --sport 53 -j NOTRACK',
      recognised: true,
    },
    {
      name: 'an older one as target CT, IPv6',
      table: 'raw',
      line: '-A PREROUTING -d fd00::a/128 -p udp -m udp --dport 53 -j CT --notrack',
      recognised: true,
    },
    {
      name: 'an older acceptance',
      table: 'filter',
      line: '-A OUTPUT -s 10.96.0.10/32 -p udp -m udp --sport 53 -j ACCEPT',
      recognised: true,
    },
    {
      name: 'no comment, another address',
      table: 'raw',
      line: '-A OUTPUT -s 10.96.0.11/32 -p tcp -m tcp --sport 53 -j NOTRACK',
      recognised: false,
    },
    {
      name: 'no comment, another port',
      table: 'raw',
      line: '-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 5353 -j NOTRACK',
      recognised: false,
    },
    {
      name: 'no comment, one condition more',
      table: 'raw',
      line: '-A PREROUTING -d 10.96.0.10/32 -i eth0 -p udp -m udp --dport 53 -j NOTRACK',
      recognised: false,
    },
    {
      name: 'no comment, a chain where node-cache has none like it',
      table: 'raw',
      line: '-A PREROUTING -s 10.96.0.10/32 -p udp -m udp --sport 53 -j NOTRACK',
      recognised: false,
    },
    {
      name: 'no comment, the port at the other end',
      table: 'raw',
      line: '-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --sport 53 -j NOTRACK',
      recognised: false,
    },
    {
      name: 'no comment, an acceptance in raw',
      table: 'raw',
      line: '-A OUTPUT -d 10.96.0.10/32 -p udp -m udp --dport 53 -j ACCEPT',
      recognised: false,
    },
    {
      name: 'no comment, a chain of somebody',
      table: 'raw',
      line: '-A mine -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK',
      recognised: false,
    },
  ])('are recognised, or not: $name', ({ table, line, recognised }) => {
    expect(count(table, line)).toBe(recognised ? 1 : 0);
  });

  it('are given as often as they stand', () => {
    const line = '-A OUTPUT -s 10.96.0.10/32 -p tcp -m tcp --sport 53 -j NOTRACK\n';
    expect(count('raw', line.repeat(2000))).toBe(2000);
  });
});

const OLDER = ['udp', 'tcp']
  .flatMap((protocol) => [
    `-A PREROUTING -d 192.0.2.7/32 -p ${protocol} -m ${protocol} --dport 53 -j NOTRACK`,
    `-A OUTPUT -s 192.0.2.7/32 -p ${protocol} -m ${protocol} --sport 53 -j NOTRACK`,
    `-A OUTPUT -d 192.0.2.7/32 -p ${protocol} -m ${protocol} --dport 53 -j NOTRACK`,
  ])
  .join('\n');

describe("node-cache's older rules for an address that nobody names", () => {
  const filter = parseSavedTable('-A INPUT -d 192.0.2.7/32 -p udp -m udp --dport 53 -j ACCEPT');

  it('are recognised when all of them stand, and then its acceptances too', () => {
    const raw = parseSavedTable(OLDER);
    expect(nodeCacheRulesOfAny('raw', raw, raw)).toHaveLength(6);
    expect(nodeCacheRulesOfAny('filter', filter, raw)).toHaveLength(1);
  });

  it('are left alone when one of them is missing', () => {
    const raw = parseSavedTable(OLDER.split('\n').slice(1).join('\n'));
    expect(nodeCacheRulesOfAny('raw', raw, raw)).toEqual([]);
    expect(nodeCacheRulesOfAny('filter', filter, raw)).toEqual([]);
  });
});

describe('our own rules', () => {
  it('are our chains, and what leads there from chains of others', () => {
    const saved = parseSavedTable(`:PREROUTING ACCEPT [0:0]
:NODELOCALDNS-IN - [0:0]
-A PREROUTING -m comment --comment "x" -j NODELOCALDNS-IN
-A PREROUTING -m comment --comment "about NODELOCALDNS-IN" -j mine
-A NODELOCALDNS-IN -j ACCEPT`);
    expect(ourChains(saved)).toEqual(['NODELOCALDNS-IN']);
    expect(ourJumps(saved)).toHaveLength(1);
    expect(hasOurs(saved)).toBe(true);
    expect(hasOurs(parseSavedTable(':PREROUTING ACCEPT [0:0]'))).toBe(false);
  });
});
