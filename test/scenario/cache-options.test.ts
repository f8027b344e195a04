/** What options of `cache` decide: which answers are kept, with which TTL they are told, and whether a denial ends what was known. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const SOA = 'test. 300 IN SOA ns.test. root.test. 1 1 1 1 300';

let upstream: ScriptedUpstream;
let daemon: Daemon;
let port: number;
/** Whether names that begin with `leaving` have left. */
let haveLeft = false;
beforeAll(async () => {
  upstream = await startScriptedUpstream(({ name }) => {
    if (name.startsWith('gone.') || (haveLeft && name.startsWith('leaving.')))
      return reply({ rcode: 'NXDOMAIN', authority: [SOA] });
    if (name.startsWith('broken.')) return reply({ rcode: 'SERVFAIL' });
    if (name.startsWith('leaving.')) return reply({ answers: ['@ 1 IN A 192.0.2.1'] });
    if (name.startsWith('brief.')) return reply({ answers: ['@ 20 IN A 192.0.2.1'] });
    return reply({ answers: ['@ 300 IN A 192.0.2.1'] });
  });
  port = await freePort();
  const block = (zone: string, cache: string): string => `${zone}:${port} {
      bind 127.0.0.1
      ${cache}
      forward . 127.0.0.1:${upstream.port}
    }
`;
  const stale = 'success 1024 3600 0\n serve_stale 1h verify';
  daemon = await startDaemon({
    corefile: [
      block('plain.test', 'cache'),
      block('zones.test', 'cache a.zones.test b.zones.test'),
      block('ttl.test', 'cache 30'),
      block('both.test', 'cache 30 a.both.test'),
      block('no-answers.test', 'cache {\n disable success\n }'),
      block('no-denials.test', 'cache {\n disable denial a.no-denials.test\n }'),
      block('keepttl.test', 'cache {\n keepttl\n }'),
      block('newest.test', `cache {\n ${stale}\n }`),
      block('positive.test', `cache {\n ${stale}\n serve_stale_policy prefer_positive\n }`),
    ].join(''),
  });
});
afterAll(async () => {
  await daemon.stop();
  await upstream.close();
});

/** The rcode, the TTL of the first record, and the Extended DNS Error if there is one. */
async function ask(name: string): Promise<{ rcode: string; ttl: number; error: string | undefined }> {
  const client = await UdpClient.open({ port });
  const message = await client.ask(rawQuery({ name, edns: {} }));
  const { rcode, answer, authority } = readReply(message);
  const ttl = Number([...answer, ...authority][0]?.split(' ')[1]);
  return { rcode, ttl, error: readOpt(message)?.error };
}

const exchanges = (name: string): number =>
  upstream.queries.filter((query) => query.name === `${name}.`).length;

it.each([
  ['everything', 'www.plain.test', 'gone.plain.test', 'broken.plain.test'],
  ['ZONES', 'a.zones.test', 'www.b.zones.test', 'gone.a.zones.test'],
  ['TTL and ZONES', 'www.a.both.test'],
  ['`disable success`', 'gone.no-answers.test', 'broken.no-answers.test'],
  ['`disable denial ZONES`', 'www.a.no-denials.test', 'gone.no-denials.test', 'broken.no-denials.test'],
])('is kept with %s: %s', async (_, ...names) => {
  for (const name of names) {
    const { rcode } = await ask(name);
    expect((await ask(name)).rcode).toBe(rcode);
    expect(`${name} ${exchanges(name)}`).toBe(`${name} 1`);
  }
});

it.each([
  ['ZONES', 'www.zones.test', 'xa.zones.test', 'gone.zones.test'],
  ['TTL and ZONES', 'www.both.test'],
  ['`disable success`', 'www.no-answers.test'],
  ['`disable denial ZONES`', 'gone.a.no-denials.test', 'broken.a.no-denials.test'],
])('is not kept with %s: %s', async (_, ...names) => {
  for (const name of names) {
    const { rcode } = await ask(name);
    expect((await ask(name)).rcode).toBe(rcode);
    expect(`${name} ${exchanges(name)}`).toBe(`${name} 2`);
  }
});

it.each([
  ['a.plain.test', 300],
  ['a.ttl.test', 30],
  ['brief.ttl.test', 20],
  ['gone.ttl.test', 30],
  ['a.a.both.test', 30],
  ['other.both.test', 300],
])('has no longer TTL than TTL: %s %d', async (name, ttl) => {
  expect((await ask(name)).ttl).toBe(ttl);
});

it('does not count the TTL down with `keepttl`', async () => {
  for (const zone of ['plain.test', 'keepttl.test']) expect((await ask(`old.${zone}`)).ttl).toBe(300);
  await eventually(async () => (await ask('old.plain.test')).ttl < 300);
  expect((await ask('old.keepttl.test')).ttl).toBe(300);
  expect(exchanges('old.keepttl.test')).toBe(1);
});

it('is ended by a denial, but not with `serve_stale_policy prefer_positive`', async () => {
  for (const zone of ['positive.test', 'newest.test']) {
    expect((await ask(`leaving.${zone}`)).rcode).toBe('NOERROR');
  }
  haveLeft = true;
  await eventually(async () => (await ask('leaving.newest.test')).rcode === 'NXDOMAIN');
  await eventually(async () => (await ask('leaving.positive.test')).error !== undefined);
  // The denial is known, and kept as well.
  expect(exchanges('leaving.positive.test')).toBe(2);
  expect(await ask('leaving.positive.test')).toEqual({ rcode: 'NOERROR', ttl: 30, error: '3' });
  expect(exchanges('leaving.positive.test')).toBe(2);
  // What was never known is denied.
  expect((await ask('gone.positive.test')).rcode).toBe('NXDOMAIN');
});
