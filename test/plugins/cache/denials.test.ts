/** What a denial says and what it does not: its SOA ages, and no name, type or alias but its own is denied by it. */
import { describe, expect, it } from 'vitest';
import { CacheChain, SOA, ttlsOf } from './cache-chain.ts';

it('the SOA of a denial counts down', async () => {
  const chain = new CacheChain('cache', { rcode: 'NXDOMAIN', authority: [SOA(60, 600)] });
  await chain.ask();
  chain.context.clock.advance(17_000);
  expect(await chain.ask()).toMatchObject({ rcode: 'NXDOMAIN', answer: [], authority: [SOA(43, 600)] });
  expect(chain.behind.asked).toHaveLength(1);
});

it('a denial behind an alias leaves the alias to be asked for', async () => {
  const alias = '@ 60 IN CNAME gone.test.';
  const chain = new CacheChain('cache', {
    rcode: 'NXDOMAIN',
    answers: [alias],
    authority: [SOA(60, 60)],
  });
  expect((await chain.ask('a.test.', 'A')).rcode).toBe('NXDOMAIN');
  chain.answer({ answers: [alias] });
  expect(await chain.ask('a.test.', 'CNAME')).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
  // Nor has the answer about the alias ended the denial.
  expect((await chain.ask('a.test.', 'A')).rcode).toBe('NXDOMAIN');
  expect(chain.behind.asked).toHaveLength(2);
});

describe('no synthesis (RFC 8198)', () => {
  it.each([
    { what: 'NSEC', proof: 'a.test. 60 IN NSEC z.test. 0006400000000003' },
    {
      what: 'NSEC3',
      proof: `${'0'.repeat(32)}.test. 60 IN NSEC3 010000000014${'ff'.repeat(20)}0006400000000002`,
    },
  ])('a denial with $what denies no name but its own', async ({ proof }) => {
    const denial = { rcode: 'NXDOMAIN', authority: [SOA(60, 60), proof] };
    const chain = new CacheChain('cache', denial);
    const asked = { dnssecOk: true };
    expect((await chain.ask('b.test.', 'A', asked)).authority).toHaveLength(2);
    chain.answer({ answers: ['@ 60 IN A 192.0.2.1'] });
    expect(await chain.ask('m.test.', 'A', asked)).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
    expect(await chain.source('b.test.', 'A', asked)).toBe('cache');
  });
});

it('an answer that is asked for all the time lives no longer for it', async () => {
  const chain = new CacheChain('cache', { answers: ['@ 60 IN A 192.0.2.1'] });
  await chain.outcome();
  for (let second = 1; second < 60; second++) {
    chain.context.clock.advance(1_000);
    // Another answer names it meanwhile, as the address of a name server.
    chain.answer({ answers: ['@ 300 IN NS a.test.'], additional: ['a.test. 300 IN A 192.0.2.66'] });
    await chain.outcome(`n${second}.test.`, 'NS');
    expect(ttlsOf(await chain.ask())).toEqual([60 - second]);
  }
  chain.context.clock.advance(1_000);
  expect(await chain.source()).toBe('behind');
});
