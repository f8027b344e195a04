import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/host/host-error.ts';
import { FEATURES, FEATURE_NAMES } from '../../../src/host/nft/form.ts';
import { openNftRules } from '../../../src/host/nft/open-nft-rules.ts';
import type { InterceptionPlan } from '../../../src/host/rules.ts';
import { fakeNft } from './fake-nft.ts';

const PLAN: InterceptionPlan = {
  addresses: ['10.96.0.10', 'fd00:10:96::a'],
  dnsPort: 53,
  healthPort: 8080,
  leaseMs: 1_500,
};
const SYNTAX_ERROR = '/dev/stdin:1:1-2: Error: syntax error, unexpected string';

const lacking =
  (missing: RegExp) =>
  (text: string): string | undefined =>
    missing.test(text) ? SYNTAX_ERROR : undefined;

/** The script of `install` on a host whose nft refuses scripts with this in them. */
async function installedWithout(missing: RegExp): Promise<{ script: string; weaknesses: readonly string[] }> {
  const nft = fakeNft(lacking(missing));
  const rules = await openNftRules(PLAN, nft.run);
  await rules.install([]);
  return { script: nft.committed.join(''), weaknesses: rules.weaknesses };
}

describe('the form of the rules in nftables', () => {
  it('is the full one where nothing is missing, and then has no weakness', async () => {
    const { script, weaknesses } = await installedWithout(/nothing that stands in it/);
    expect(weaknesses).toEqual([]);
    expect(script).toContain('socket wildcard 0 notrack');
    expect(script).toContain('socket wildcard 1 return');
    expect(script).toContain('socket transparent 0 notrack');
    expect(script).toContain('fib daddr type local');
  });

  it.each([
    { missing: 'fib', pattern: /fib daddr/, weaknesses: ['fib'] },
    {
      missing: 'socket wildcard',
      pattern: /socket wildcard/,
      weaknesses: ['socketWildcard', 'socketOfReply'],
    },
    { missing: 'socket', pattern: /socket \w/, weaknesses: ['socket', 'socketWildcard', 'socketOfReply'] },
    {
      missing: 'socket at the hook output',
      pattern: /hook output[^}]*socket/,
      weaknesses: ['socketOfReply'],
    },
  ] as const)('does without $missing, and says what is weaker', async ({ pattern, weaknesses }) => {
    const installed = await installedWithout(pattern);
    expect(installed.script).not.toMatch(pattern);
    expect(installed.script).toContain('update @live4 { ip saddr }');
    expect(installed.weaknesses).toEqual(weaknesses.map((name) => FEATURES[name].weakness));
  });

  it('asks a UDP socket for less before it asks for none', async () => {
    const { script } = await installedWithout(/socket wildcard/);
    expect(script).toMatch(/udp dport 53 .* socket transparent 0 notrack/);
  });

  it('has one weakness for each feature, all different', () => {
    expect(new Set(FEATURE_NAMES.map((name) => FEATURES[name].weakness)).size).toBe(FEATURE_NAMES.length);
  });
});

describe('a host without rules in nftables', () => {
  it.each([
    {
      name: 'cannot renew sets',
      said: SYNTAX_ERROR,
      only: /update @/,
      code: 'unsupported',
      message: /not in their weakest form/,
    },
    {
      name: 'lets us not',
      said: 'netlink: Error: cache initialization failed: Operation not permitted',
      only: /./,
      code: 'permission',
      message: /NET_ADMIN.*Operation not permitted/,
    },
    {
      name: 'has a kernel without nftables',
      said: 'netlink: Error: cache initialization failed: Invalid argument',
      only: /./,
      code: 'unsupported',
      message: /nf_tables/,
    },
    {
      name: 'has an nft that writes no JSON',
      said: 'Error: JSON support not compiled-in',
      only: /^-j/,
      code: 'tool',
      message: /JSON/,
    },
  ])('that $name is told with the code $code', async ({ said, only, code, message }) => {
    const nft = fakeNft((text) => (only.test(text) ? said : undefined));
    const opened = openNftRules(PLAN, nft.run);
    await expect(opened).rejects.toMatchObject({ name: 'HostError', about: 'rules', code });
    await expect(opened).rejects.toThrow(message);
    expect(nft.committed).toEqual([]);
  });

  it('that has no nft is told so', async () => {
    const missing = new HostError('rules', 'tool', 'nft is not installed, or not in PATH');
    await expect(openNftRules(PLAN, () => Promise.reject(missing))).rejects.toBe(missing);
  });
});

describe('calls of the rules in nftables', () => {
  it('run nothing for no addresses', async () => {
    const nft = fakeNft(() => undefined);
    const rules = await openNftRules(PLAN, nft.run);
    await rules.arm([]);
    await rules.disarm([]);
    expect(nft.committed).toEqual([]);
  });

  it('take addresses of the plan only', async () => {
    const rules = await openNftRules(PLAN, fakeNft(() => undefined).run);
    for (const call of ['arm', 'disarm', 'install'] as const) {
      await expect(rules[call](['192.0.2.1'])).rejects.toThrow(RangeError);
    }
  });

  it('try once more when an element expired within a transaction, and not when they may not', async () => {
    const answers = ['Error: Could not process rule: No such file or directory', undefined];
    const nft = fakeNft((text, isCheck) => (isCheck || text.startsWith('-j') ? undefined : answers.shift()));
    const rules = await openNftRules(PLAN, nft.run);
    await rules.arm(PLAN.addresses);
    expect(nft.committed).toHaveLength(1);
    answers.push('Error: Operation not permitted');
    await expect(rules.arm(PLAN.addresses)).rejects.toMatchObject({ code: 'permission' });
  });

  it('give a lease that is no whole number of seconds', async () => {
    const { script } = await installedWithout(/nothing/);
    expect(script).toContain('timeout 1500ms');
  });
});
