import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { REPLY } from '../../../src/chain/outcome.ts';
import { whoami } from '../../../src/plugins/whoami/setup.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import type { DecodedReply, QueryOverrides } from '../../support/query.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';

const setUp = (corefile = 'whoami'): Handler => {
  const make = whoami.setup(cursorOf(corefile), fakeContext());
  if (make === undefined) throw new Error('whoami has a handler');
  return make(new LastHandler());
};

const ask = async (name: string, overrides: QueryOverrides = {}): Promise<DecodedReply> =>
  decodeOutcome(await setUp().ask(makeQuery(name, 'A', overrides)));

describe('whoami', () => {
  it('answers nothing, and tells the address, transport and port of the client beside it', async () => {
    const reply = await ask('Example.ORG', { clientAddress: '192.0.2.7', clientPort: 4242 });
    expect(reply).toEqual({
      rcode: 0,
      authoritative: true,
      question: 'Example.ORG. IN A',
      answer: [],
      authority: [],
      additional: ['Example.ORG. 0 IN A 192.0.2.7', '_udp.Example.ORG. 0 IN SRV 0 0 4242 .'],
    });
  });

  it('calls the SRV record _tcp for a query over TCP', async () => {
    const { additional } = await ask('example.org', { transport: 'tcp' });
    expect(additional[1]).toBe('_tcp.example.org. 0 IN SRV 0 0 40000 .');
  });

  it('repeats the class of the question in its records', async () => {
    const { additional } = await ask('example.org', { class: 'CH' });
    expect(additional.map((line) => line.split(' ')[2])).toEqual(['CH', 'CH']);
  });

  it.each([
    ['2001:db8::53', 'AAAA 2001:db8::53'],
    ['2001:db8:1:2:3:4:5:6', 'AAAA 2001:db8:1:2:3:4:5:6'],
    ['::1', 'AAAA ::1'],
    ['fe80::', 'AAAA fe80::'],
    ['fe80::1%eth0', 'AAAA fe80::1'],
    ['::ffff:192.0.2.9', 'A 192.0.2.9'],
  ])('tells a client at %s: %s', async (clientAddress, told) => {
    const { additional } = await ask('example.org', { clientAddress });
    expect(additional[0]).toBe(`example.org. 0 IN ${told}`);
  });

  it('answers for the root', async () => {
    const { additional } = await ask('.');
    expect(additional[1]).toBe('_udp. 0 IN SRV 0 0 40000 .');
  });

  it('leaves the SRV record out where its owner would be over 255 octets', async () => {
    const label = 'a'.repeat(62);
    const longest = `${label}.${label}.${label}.${'b'.repeat(61)}`;
    const [shorter, longer] = [await ask(longest.slice(0, -5)), await ask(longest)];
    expect(shorter.additional).toHaveLength(2);
    expect(longer.additional).toEqual([`${longest}. 0 IN A 192.0.2.53`]);
  });

  it('names itself as the source of the answer', async () => {
    const outcome = await setUp().ask(makeQuery('example.org', 'A'));
    expect(outcome.kind === REPLY && outcome.source).toBe('whoami');
  });

  it.each([
    ['an argument', 'whoami x', "Wrong argument count or unexpected line ending after 'x'"],
    ['a block', 'whoami {\n x\n}', "Unexpected token '{', expecting argument"],
  ])('refuses %s', (_case, corefile, message) => {
    expect(() => setUp(corefile)).toThrow(`Corefile:1 - Error during parsing: ${message}`);
  });
});
