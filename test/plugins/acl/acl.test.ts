import { describe, expect, it } from 'vitest';
import { Reply, SILENCE } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { render, renderedOctets } from '../../../src/chain/render.ts';
import { acl } from '../../../src/plugins/acl/setup.ts';
import { makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { readReply } from '../../support/raw-message.ts';
import { LastHandler, cursorOf, fakeContext, zonesOf } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

interface Asked {
  readonly outcome: Outcome;
  readonly context: FakeContext;
  /** In one word. */
  readonly fate: string;
}

async function ask(
  corefile: string,
  name = 'example.org',
  type = 'A',
  overrides: QueryOverrides = {},
): Promise<Asked> {
  const context = fakeContext({ zones: zonesOf('.') });
  const make = acl.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('acl has a handler');
  const last = new LastHandler();
  const outcome = await make(last).ask(makeQuery(name, type, overrides));
  return { outcome, context, fate: fateOf(outcome, last) };
}

function fateOf(outcome: Outcome, last: LastHandler): string {
  if (outcome === last.outcome) return 'allowed';
  if (outcome === SILENCE) return 'dropped';
  if (!(outcome instanceof Reply)) return 'failed';
  return outcome.rcode === 5 ? 'blocked' : 'filtered';
}

const from = (clientAddress: string): QueryOverrides => ({ clientAddress });

describe('what a policy does', () => {
  it.each(['allow', 'ALLOW', 'block', 'Block', 'filter', 'drop'])('%s', async (action) => {
    const fates: Readonly<Record<string, string>> = {
      allow: 'allowed',
      block: 'blocked',
      filter: 'filtered',
      drop: 'dropped',
    };
    expect((await ask(`acl {\n ${action}\n}`)).fate).toBe(fates[action.toLowerCase()]);
  });

  it.each([
    ['block', 'REFUSED', 15],
    ['filter', 'NOERROR', 17],
  ])('%s answers with nothing but %s and an Extended DNS Error', async (action, rcode, code) => {
    const query = makeQuery('Example.org', 'MX', { edns: true });
    const make = acl.setup(cursorOf(`acl {\n ${action}\n}`), fakeContext());
    const outcome = await make?.(new LastHandler()).ask(query);
    if (!(outcome instanceof Reply)) throw new Error('no reply');
    const out = new Uint8Array(renderedOctets(query, outcome));
    const reply = readReply(Buffer.from(out.subarray(0, render(query, outcome, out))));
    expect(reply).toMatchObject({ rcode, answer: [], authority: [] });
    expect(reply.question).toBe('Example.org. IN MX');
    expect(outcome.extendedError).toEqual({ code, text: '' });
    expect(outcome.source).toBe('acl');
  });
});

describe('whom a policy is about', () => {
  it.each([
    ['block type A', 'A', '192.0.2.1', 'blocked'],
    ['block type A', 'AAAA', '192.0.2.1', 'allowed'],
    ['block type AAAA MX', 'MX', '192.0.2.1', 'blocked'],
    ['block type *', 'TXT', '192.0.2.1', 'blocked'],
    ['block net 192.0.2.0/24', 'A', '192.0.2.255', 'blocked'],
    ['block net 192.0.2.0/24', 'A', '192.0.3.0', 'allowed'],
    ['block net 192.0.2.1', 'A', '192.0.2.1', 'blocked'],
    ['block net 192.0.2.1', 'A', '192.0.2.2', 'allowed'],
    ['block net 2001:db8::1', 'A', '2001:db8::1', 'blocked'],
    ['block net 2001:db8::1', 'A', '2001:db8::2', 'allowed'],
    ['block net fe80::/10', 'A', 'fe80::1%eth0', 'blocked'],
    ['block net 192.0.2.0/24', 'A', '::ffff:192.0.2.1', 'blocked'],
    ['block net *', 'A', '2001:db8::1', 'blocked'],
    ['block net 192.0.2.0/24', 'A', 'nowhere', 'blocked'],
    ['block type A net 192.0.2.0/24', 'A', '192.0.2.1', 'blocked'],
    ['block net 192.0.2.0/24 type A', 'AAAA', '192.0.2.1', 'allowed'],
    ['block type A type MX', 'MX', '192.0.2.1', 'blocked'],
    ['block NET 192.0.2.0/24 TYPE A', 'A', '192.0.2.1', 'blocked'],
    ['allow net 192.0.2.0/24\n block', 'A', '192.0.2.1', 'allowed'],
    ['allow net 192.0.2.0/24\n block', 'A', '198.51.100.1', 'blocked'],
    ['block\n allow', 'A', '192.0.2.1', 'blocked'],
  ])('%j: %s from %s is %s', async (policies, type, client, fate) => {
    expect((await ask(`acl {\n ${policies}\n}`, 'example.org', type, from(client))).fate).toBe(fate);
  });

  it.each([
    ['www.a.test', 'blocked'],
    ['WWW.A.TEST', 'blocked'],
    ['b.test', 'allowed'],
    ['deep.b.test', 'allowed'],
    ['c.test', 'dropped'],
  ])('%s, with lines for zones, is %s', async (name, fate) => {
    const lines = 'acl a.test {\n block\n}\nacl b.test {\n allow\n}\nacl b.test c.test {\n drop\n}';
    expect((await ask(lines, name)).fate).toBe(fate);
  });

  it('tries the next line where no policy of the first is about the query', async () => {
    const lines = 'acl {\n block type MX\n}\nacl {\n drop\n}';
    expect((await ask(lines)).fate).toBe('dropped');
  });
});

describe('counted are', () => {
  it.each([
    ['block', 'coredns_acl_blocked_requests_total'],
    ['filter', 'coredns_acl_filtered_requests_total'],
    ['drop', 'coredns_acl_dropped_requests_total'],
  ])('queries to %s, by server and zone of the line', async (action, name) => {
    const { context } = await ask(`acl a.test {\n ${action}\n}`, 'www.a.test', 'A', {
      server: { index: 0, label: 'dns://:53' },
    });
    expect(context.metrics.value(name, 'dns://:53', 'a.test.', '')).toBe(1);
    expect(context.metrics.value('coredns_acl_allowed_requests_total', 'dns://:53', '')).toBeUndefined();
  });

  it('queries that are let through, by server', async () => {
    const { context } = await ask('acl {\n allow\n}', 'a.test', 'A', {
      server: { index: 0, label: 'dns://:53' },
    });
    expect(context.metrics.value('coredns_acl_allowed_requests_total', 'dns://:53', '')).toBe(1);
  });
});

describe('refused is', () => {
  it.each([
    ['deny', `unexpected token "deny"; expect 'allow', 'block', 'filter' or 'drop'`],
    ['block A', `unexpected token "A"; expect 'type | net'`],
    ['block type', 'no token specified in "type" section'],
    ['block type net 10.0.0.0/8', 'no token specified in "type" section'],
    ['block type A net', 'no token specified in "net" section'],
    ['block type a', 'unexpected token "a"; expect legal QTYPE'],
    ['block net 10.0.0.0/33', 'illegal CIDR notation "10.0.0.0/33"'],
    ['block net x', 'illegal CIDR notation "x/32"'],
  ])('%j', async (policy, message) => {
    await expect(ask(`acl {\n ${policy}\n}`)).rejects.toThrow(
      `Corefile:2 - Error during parsing: ${message}`,
    );
  });

  it('a zone that is none', async () => {
    await expect(ask('acl a..b {\n block\n}')).rejects.toThrow("unable to normalize 'a..b'");
  });
});
