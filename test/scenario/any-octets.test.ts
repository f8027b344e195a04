/**
 * A cache passes on what it does not understand: names of any octets, RDATA of types that nobody knows, answers to ANY. From upstream and
 * from memory the same.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedAction, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

let upstream: ScriptedUpstream;
let daemon: Daemon;
let port: number;
let answer: ScriptedAction = reply();
beforeAll(async () => {
  upstream = await startScriptedUpstream(() => answer);
  port = await freePort();
  daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
});
afterAll(async () => {
  await daemon.stop();
  await upstream.close();
});

/** What comes upstream while this runs. */
async function askedDuring(run: () => Promise<void>): Promise<readonly string[]> {
  const before = upstream.queries.length;
  await run();
  return upstream.queries.slice(before).map(({ name, type }) => `${name} ${type}`);
}

it.each([
  ['NUL and 0xff', String.raw`\000\255.test.`],
  ['a dot, a blank and a backslash within a label', String.raw`a\.b\032c\\.test.`],
  ['letters of Latin-1, which are not folded', String.raw`\196\228.Test.`],
  ['what is no host name', '_sip-.*.-x.TEST.'],
  ['63 octets', `${String.raw`\192`.repeat(63)}.test.`],
])('names of any octets go up and come back as they are: %s', async (_what, name) => {
  answer = reply({ answers: ['@ 30 IN A 192.0.2.1'] });
  const client = await UdpClient.open({ port });
  const query = rawQuery({ name });
  const question = query.subarray(12);
  const asked = await askedDuring(async () => {
    for (let round = 1; round <= 2; round++) {
      const message = await client.ask(query);
      expect(message.subarray(12, 12 + question.length)).toEqual(question);
      expect(readReply(message)).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
    }
  });
  expect(asked).toHaveLength(1);
  const { message } = upstream.queries.at(-1) ?? { message: new Uint8Array() };
  expect(Buffer.from(message.subarray(12, 12 + question.length))).toEqual(question);
});

it.each([
  ['an unknown type, with what looks like pointers and capitals', 'TYPE65280', 'c00c04414243c00cffff'],
  ['an unknown type without any', 'TYPE65281', ''],
  ['an unknown type of 900 octets', 'TYPE65282', 'c0'.repeat(900)],
  ['TXT of any octets', 'TXT', '0500ff41c00c'],
  ['SRV, its target in capitals', 'SRV', '000100020035 03506f44 03537663 00'.replaceAll(' ', '')],
  // alpn behind ipv4hint, and a key that nobody knows in front: not as RFC 9460 wants it sorted, and not ours to mend.
  [
    'HTTPS, its parameters in an order of their own',
    'HTTPS',
    '000100 fde80002c00c 00040004c0000201 00010003026832'.replaceAll(' ', ''),
  ],
])('RDATA of %s comes back bit by bit, from upstream and from memory', async (_what, type, hex) => {
  const rdata = Buffer.from(hex, 'hex');
  answer = { kind: 'send', octets: ({ message }) => answerWith(message, rdata) };
  const client = await UdpClient.open({ port });
  const asked = await askedDuring(async () => {
    for (let round = 1; round <= 2; round++) {
      const query = rawQuery({ name: 'rdata.test.', type, edns: {} });
      const message = await client.ask(query);
      expect(readReply(message)).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
      const OPT = 11;
      const length = message.readUInt16BE(message.length - OPT - rdata.length - 2);
      expect(length).toBe(rdata.length);
      expect(message.subarray(message.length - OPT - rdata.length, -OPT)).toEqual(rdata);
    }
  });
  expect(asked).toEqual([`rdata.test. ${type}`]);
});

/** A reply with one record of the type that was asked for; these octets are its RDATA, whatever the type. */
function answerWith(query: Uint8Array, rdata: Uint8Array): Uint8Array {
  const typeAt = query.indexOf(0, 12) + 1;
  const question = query.subarray(12, typeAt + 4);
  return Buffer.concat([
    query.subarray(0, 2),
    Buffer.of(0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0),
    question,
    Buffer.of(0xc0, 12),
    question.subarray(-4),
    Buffer.of(0, 0, 0, 30, rdata.length >>> 8, rdata.length & 0xff),
    rdata,
  ]);
}

it('an answer to ANY is kept for ANY, and is cut over UDP', async () => {
  answer = reply({
    answers: Array.from({ length: 60 }, (_, i) => `@ 30 IN A 192.0.2.${i + 1}`),
  });
  const client = await UdpClient.open({ port });
  const asked = await askedDuring(async () => {
    for (let round = 1; round <= 2; round++) {
      const message = await client.ask(rawQuery({ name: 'any.test.', type: 'ANY' }));
      expect(message.length).toBeLessThanOrEqual(512);
      expect(readReply(message).flags).toContain('tc');
    }
    answer = reply({ answers: ['@ 30 IN A 198.51.100.1'] });
    expect(readReply(await client.ask(rawQuery({ name: 'any.test.' }))).answer).toEqual([
      'any.test. 30 IN A 198.51.100.1',
    ]);
  });
  expect(asked).toEqual(['any.test. ANY', 'any.test. A']);
});
