/**
 * Options of a client that mean nothing here, well made or not: keepalive, cookies, padding, and whatever comes. None is an error, none
 * comes back, none goes upstream, and none makes another question of the same one.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawEdns } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

const NSID = 3;
const SUBNET = 8;
const EXPIRE = 9;
const COOKIE = 10;
const KEEPALIVE = 11;
const PADDING = 12;
const UNKNOWN = 65_001;

type Options = NonNullable<RawEdns['options']>;
const of = (code: number, octets: number): Options => [[code, Buffer.alloc(octets, 0xa5)]];
/** Type, size, flags and no RDATA, behind the root. */
const BARE_OPT = '00002904d0000000000000';

let upstream: ScriptedUpstream;
let daemon: Daemon;
let port: number;
beforeAll(async () => {
  upstream = await startScriptedUpstream(() => reply({ answers: ['@ 300 IN A 192.0.2.1'] }));
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

it.each<{ what: string; options: Options }>([
  { what: 'keepalive', options: of(KEEPALIVE, 0) },
  { what: 'keepalive and a value, which a client must not send', options: of(KEEPALIVE, 2) },
  { what: 'keepalive of three octets', options: of(KEEPALIVE, 3) },
  ...[0, 1, 7, 8, 9, 15, 16, 40, 41].map((octets) => ({
    what: `a cookie of ${octets} octets`,
    options: of(COOKIE, octets),
  })),
  { what: 'two cookies', options: [...of(COOKIE, 8), ...of(COOKIE, 24)] },
  { what: 'padding', options: of(PADDING, 400) },
  { what: 'padding of no octet, twice', options: [...of(PADDING, 0), ...of(PADDING, 0)] },
  { what: 'NSID', options: of(NSID, 0) },
  { what: 'a zone’s expiry', options: of(EXPIRE, 0) },
  { what: 'a client subnet that is none', options: of(SUBNET, 1) },
  { what: 'an option that nobody knows', options: of(UNKNOWN, 9) },
  { what: 'two hundred options', options: Array.from({ length: 200 }, (_, i) => [i, Buffer.alloc(0)]) },
])('a query with $what is answered as if it had none', async ({ options }) => {
  const [overUdp, overTcp] = await Promise.all([UdpClient.open({ port }), TcpClient.open({ port })]);
  const query = rawQuery({ name: 'www.test.', edns: { options } });
  overTcp.write(framed(query));
  for (const message of [await overUdp.ask(query), ...(await overTcp.waitForMessages(1))]) {
    expect(readReply(message)).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 }, hasOpt: true });
    expect(message.subarray(-BARE_OPT.length / 2).toString('hex')).toBe(BARE_OPT);
  }
  // One exchange for all of them, with an OPT of our own and nothing in it.
  expect(upstream.queries).toHaveLength(1);
  expect(
    Buffer.from(upstream.queries[0].message)
      .subarray(-BARE_OPT.length / 2)
      .toString('hex'),
  ).toBe(BARE_OPT);
  // The connection is as open as it was.
  overTcp.write(framed(rawQuery({ name: 'www.test.' })));
  expect(await overTcp.waitForMessages(2)).toHaveLength(2);
});
