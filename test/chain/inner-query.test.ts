import { describe, expect, it } from 'vitest';
import { innerQuery } from '../../src/chain/inner-query.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, TYPE_AAAA } from '../../src/wire/registry.ts';
import { makeQuery } from '../support/query.ts';
import { zonesOf } from '../support/setup-context.ts';

describe('a query within a query', () => {
  const [zone] = zonesOf('test.');
  const client = {
    clientAddress: '2001:db8::7',
    clientPort: 4242,
    dnssecOk: true,
    checkingDisabled: true,
    receivedMs: 17,
    depth: 2,
    server: { index: 3, label: 'dns://:53' },
    zone,
  };
  const question = { name: nameFromText('Other.test'), type: TYPE_AAAA, class: CLASS_IN };

  it('is for the same client, one lookup deeper, and over TCP', () => {
    const inner = innerQuery(makeQuery('www.test', 'A', client), question);
    expect(inner).toMatchObject({ ...client, depth: 3, transport: 'tcp', type: TYPE_AAAA, hasOpt: true });
    expect(inner.nameText).toBe('other.test.');
    expect(inner.clientIsIpv6).toBe(true);
  });

  it('stays what it is when the client query serves another one', () => {
    const query = makeQuery('www.test', 'A', client);
    const inner = innerQuery(query, question);
    query.clear();
    query.message = new Uint8Array(0);
    expect(inner.nameText).toBe('other.test.');
    expect(inner.message.length).toBeGreaterThan(12);
  });
});
