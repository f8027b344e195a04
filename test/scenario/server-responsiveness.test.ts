/**
 * The queries by which RFC 8906 section 8 tells servers that follow the protocol from those that drop what they do not know. Every one
 * gets a reply, and the reply that is listed there.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AD, CD, RD } from '../../src/wire/header.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawQuery } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

const SOA = '@ 300 IN SOA ns.example. admin.example. 1 7200 3600 86400 300';
const Z = 0x40;
const BADVERS = 16;
const OPTION_100 = { options: [[100, Buffer.alloc(0)]] } as const;

let upstream: ScriptedUpstream;
let daemon: Daemon;
let port: number;
beforeAll(async () => {
  upstream = await startScriptedUpstream(({ type }) => {
    if (type === 'SOA') return reply({ answers: [SOA] });
    if (type === 'DNSKEY') {
      return reply({
        answers: Array.from({ length: 4 }, () => `@ 300 IN DNSKEY 257 3 8 ${'ab'.repeat(260)}`),
      });
    }
    return reply({ authority: [SOA] });
  });
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

interface Row {
  readonly what: string;
  readonly query: Partial<RawQuery>;
  /** The lower octet of the flags of the OPT, where no DO is. */
  readonly optFlags?: number;
  readonly rcode?: string;
  readonly answers?: number;
  readonly edns?: { readonly rcode: number; readonly dnssecOk: boolean };
}

const PLAIN = { rcode: 0, dnssecOk: false };
const REFUSED_VERSION = { rcode: BADVERS, dnssecOk: false };

const ROWS: readonly Row[] = [
  { what: '8.1.1 an existing zone', query: { flags: 0 } },
  { what: '8.1.2 an unknown type', query: { flags: 0, type: 'TYPE1000' }, answers: 0 },
  { what: '8.1.3.1 CD', query: { flags: CD } },
  { what: '8.1.3.2 AD', query: { flags: AD } },
  { what: '8.1.3.3 the reserved bit', query: { flags: Z } },
  { what: '8.1.3.4 RD', query: { flags: RD } },
  { what: '8.2.1 EDNS', query: { flags: 0, edns: {} }, edns: PLAIN },
  {
    what: '8.2.2 a version of EDNS',
    query: { flags: 0, edns: { version: 1 } },
    answers: 0,
    edns: REFUSED_VERSION,
  },
  { what: '8.2.3 an unknown option', query: { flags: 0, edns: OPTION_100 }, edns: PLAIN },
  { what: '8.2.4 an unknown flag of EDNS', query: { flags: 0, edns: {} }, optFlags: 0x40, edns: PLAIN },
  {
    what: '8.2.5 a version of EDNS with a flag',
    query: { flags: 0, edns: { version: 1 } },
    optFlags: 0x40,
    answers: 0,
    edns: REFUSED_VERSION,
  },
  {
    what: '8.2.6 a version of EDNS with an option',
    query: { flags: 0, edns: { version: 1, ...OPTION_100 } },
    answers: 0,
    edns: REFUSED_VERSION,
  },
  { what: '8.2.8 DO', query: { flags: 0, edns: { dnssecOk: true } }, edns: { rcode: 0, dnssecOk: true } },
  {
    what: '8.2.9 a version of EDNS with DO',
    query: { flags: 0, edns: { version: 1, dnssecOk: true } },
    answers: 0,
    edns: { rcode: BADVERS, dnssecOk: true },
  },
  {
    what: '8.2.10 several options',
    query: {
      flags: 0,
      edns: {
        options: [
          [3, Buffer.alloc(0)],
          [10, Buffer.alloc(8, 1)],
          [8, Buffer.from('00010000', 'hex')],
          [9, Buffer.alloc(0)],
        ],
      },
    },
    edns: PLAIN,
  },
];

it.each(ROWS)(
  'the queries of RFC 8906 are answered: $what',
  async ({ query, optFlags, answers = 1, edns }) => {
    const message = rawQuery({ name: 'example.', type: 'SOA', ...query });
    if (optFlags !== undefined) message[message.length - 3] = optFlags;
    const [overUdp, overTcp] = await Promise.all([UdpClient.open({ port }), TcpClient.open({ port })]);
    overTcp.write(framed(message));
    for (const told of [await overUdp.ask(message), ...(await overTcp.waitForMessages(1))]) {
      const said = readReply(told);
      expect(said).toMatchObject({
        rcode: 'NOERROR',
        answer: { length: answers },
        hasOpt: edns !== undefined,
      });
      expect(said.flags).toContain('qr');
      expect(said.flags.includes('rd')).toBe(query.flags === RD);
      expect((told[3] ?? 0) & Z).toBe(0);
      expect(readOpt(told)).toEqual(
        edns === undefined ? undefined : expect.objectContaining({ version: 0, ...edns }),
      );
      // No option comes back, and no flag but DO.
      if (edns !== undefined)
        expect(told.subarray(-4).toString('hex')).toBe(edns.dnssecOk ? '80000000' : '00000000');
    }
  },
);

it('the queries of RFC 8906 are answered: 8.1.4 an unknown opcode, and a header alone', async () => {
  const client = await UdpClient.open({ port });
  const whole = rawQuery({ id: 1, name: 'example.', flags: 15 << 11 });
  const header = rawQuery({ id: 2, name: 'example.', flags: 15 << 11, counts: [0, 0, 0, 0] }).subarray(0, 12);
  for (const message of [whole, header]) {
    const told = await client.ask(message);
    expect(readReply(told)).toMatchObject({ rcode: 'NOTIMP', question: '', octets: 12 });
    expect(told[2] >>> 3).toBe(0x10 | 15);
  }
});

it('the queries of RFC 8906 are answered: 8.2.7 what does not fit, with EDNS all the same', async () => {
  const client = await UdpClient.open({ port });
  const edns = { udpSize: 512, dnssecOk: true };
  const told = await client.ask(rawQuery({ name: 'example.', type: 'DNSKEY', flags: 0, edns }));
  expect(readReply(told)).toMatchObject({ rcode: 'NOERROR', hasOpt: true });
  expect(readReply(told).flags).toContain('tc');
  expect(told.length).toBeLessThanOrEqual(512);
  expect(readOpt(told)).toMatchObject({ version: 0, dnssecOk: true });
});
