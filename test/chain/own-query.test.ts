/** A query that outlives the client's. */
import { expect, it } from 'vitest';
import { ownQuery } from '../../src/chain/own-query.ts';
import { Query } from '../../src/chain/query.ts';
import { rawQuery } from '../support/raw-message.ts';
import { makeQuery } from '../support/query.ts';

const server = { index: 3, label: 'dns://127.0.0.1:53' };
const zone = { text: 'test.', name: new Uint8Array([4, 116, 101, 115, 116, 0]), index: 1 };

it('is what the client asked, and how', () => {
  const query = makeQuery('A.Test.', 'AAAA', {
    dnssecOk: true,
    checkingDisabled: true,
    transport: 'tcp',
    clientAddress: '2001:db8::1',
    clientPort: 4711,
    receivedMs: 99,
    depth: 2,
    server,
    zone,
  });
  expect(ownQuery(query)).toMatchObject({
    nameText: 'a.test.',
    key: query.key,
    type: 28,
    class: 1,
    dnssecOk: true,
    checkingDisabled: true,
    transport: 'tcp',
    clientAddress: '2001:db8::1',
    clientIsIpv6: true,
    clientPort: 4711,
    localAddress: '127.0.0.1',
    localPort: 53,
    receivedMs: 99,
    replyLimit: query.replyLimit,
    depth: 2,
    server,
    zone,
    waiting: undefined,
  });
});

it('keeps its octets when those of the client are used again', () => {
  // As a listener has them: in a Buffer that is longer.
  const shared = Buffer.alloc(100);
  const length = rawQuery({ name: 'a.test.' }).copy(shared);
  const query = new Query();
  query.read(shared, length);
  const own = ownQuery(query);
  shared.fill(0xff);
  query.read(rawQuery({ name: 'b.test.' }), length);
  expect(Buffer.from(own.nameAsAsked).toString('latin1')).toBe('\x01a\x04test\0');
  expect(own.nameText).toBe('a.test.');
});
