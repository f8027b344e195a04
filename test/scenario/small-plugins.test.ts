/** `minimal`, `local`, `autopath` and `metadata`, each beside a block that does without it or has it otherwise, in front of an upstream. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawQuery, RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ReplySpec, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const ADDRESS = '@ 30 IN A 192.0.2.1';
const SOA = 'test. 30 IN SOA ns.test. root.test. 1 1 1 1 30';
const NS = 'test. 30 IN NS ns.test.';
const NS_ADDRESS = 'ns.test. 30 IN A 192.0.2.53';

/** What the upstream says of names that begin like this. */
const SAID: Readonly<Record<string, ReplySpec>> = {
  full: { answers: [ADDRESS], authority: [NS], additional: [NS_ADDRESS] },
  wild: { answers: [ADDRESS], authority: ['a.test. 30 IN NSEC z.test.'], additional: [NS_ADDRESS] },
  referred: { authority: ['referred.minimal.test. 30 IN NS ns.test.'], additional: [NS_ADDRESS] },
  gone: { rcode: 'NXDOMAIN', authority: [SOA] },
  empty: { authority: [SOA] },
};

let upstream: ScriptedUpstream;
let daemon: Daemon;
let port: number;
beforeAll(async () => {
  upstream = await startScriptedUpstream(({ name }) => {
    if (name.endsWith('.first.test.')) return reply({ rcode: 'NXDOMAIN', authority: [SOA] });
    return reply(SAID[name.split('.', 1)[0]] ?? { answers: [ADDRESS] });
  });
  port = await freePort();
  daemon = await startDaemon({
    corefile: [
      block('plain.test', ''),
      block('minimal.test', 'minimal'),
      block('local.test', 'local'),
      block('on.test', 'local {\n localhost_prefix on\n }'),
      block('off.test localhost', 'local {\n localhost_prefix off\n }'),
      block('metadata.test', 'metadata www.metadata.test example.org\n log . "{name} {/forward/upstream}"'),
    ].join(''),
  });
});
afterAll(async () => {
  await daemon.stop();
  await upstream.close();
});

function block(zones: string, lines: string, ownPort = port): string {
  const keys = zones.split(' ').map((zone) => `${zone}:${ownPort}`);
  return `${keys.join(' ')} {
      bind 127.0.0.1
      ${lines}
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`;
}

async function ask(name: string, query: Partial<RawQuery> = {}, ownPort = port): Promise<RawReply> {
  const client = await UdpClient.open({ port: ownPort });
  return readReply(await client.ask(rawQuery({ name, ...query })));
}

/** Every record, section by section. */
const sections = ({ answer, authority, additional }: RawReply): string[][] =>
  [answer, authority, additional].map((records) => records.map(withoutTtl));

describe('minimal', () => {
  it('leaves out what was not asked for, from upstream and from memory', async () => {
    for (let round = 0; round < 2; round++) {
      expect(sections(await ask('full.plain.test'))).toEqual([
        ['full.plain.test. IN A 192.0.2.1'],
        [withoutTtl(NS)],
        [withoutTtl(NS_ADDRESS)],
      ]);
      expect(sections(await ask('full.minimal.test'))).toEqual([
        ['full.minimal.test. IN A 192.0.2.1'],
        [],
        [],
      ]);
    }
  });

  it('leaves denials and referrals as they are', async () => {
    for (const name of ['gone.minimal.test', 'empty.minimal.test']) {
      expect(sections(await ask(name))).toEqual([[], [withoutTtl(SOA)], []]);
    }
    expect(sections(await ask('referred.minimal.test'))).toEqual([
      [],
      ['referred.minimal.test. IN NS ns.test.'],
      [withoutTtl(NS_ADDRESS)],
    ]);
  });

  it('leaves the proof of a wildcard to those who ask for signatures', async () => {
    const [answer, ...rest] = sections(await ask('wild.minimal.test', { edns: { dnssecOk: true } }));
    expect(answer).toEqual(['wild.minimal.test. IN A 192.0.2.1']);
    expect(rest).toEqual([['a.test. IN NSEC z.test.'], []]);
    expect(sections(await ask('wild.minimal.test'))).toEqual([answer, [], []]);
  });
});

describe('local', () => {
  const LOOPBACK = '604800 IN A 127.0.0.1';

  it.each([
    ['localhost.local.test.', LOOPBACK],
    ['LocalHost.on.test.', LOOPBACK],
    ['localhost.off.test.', '30 IN A 192.0.2.1'],
    ['localhost.plain.test.', '30 IN A 192.0.2.1'],
    ['localhosts.local.test.', '30 IN A 192.0.2.1'],
    ['www.local.test.', '30 IN A 192.0.2.1'],
    // Whatever `localhost_prefix` says.
    ['localhost.', LOOPBACK],
    ['db.localhost.', LOOPBACK],
    ['localhost.localhost.', LOOPBACK],
  ])('answers for %s: %s', async (name, record) => {
    expect((await ask(name)).answer).toEqual([`${name} ${record}`]);
    const heard = upstream.queries.filter((query) => query.name.toLowerCase() === name.toLowerCase());
    expect(heard).toHaveLength(record === LOOPBACK ? 0 : 1);
  });
});

describe('autopath', () => {
  it('walks the search path for names in ZONE alone', async () => {
    const ownPort = await freePort();
    const search = tempFile('search first.test second.test\n', 'resolv.conf');
    await startDaemon({
      corefile: block('.', `autopath here.first.test there.first.test ${search}`, ownPort),
    });
    for (const place of ['here', 'there']) {
      expect((await ask(`www.${place}.first.test`, {}, ownPort)).answer.map(withoutTtl)).toEqual([
        `www.${place}.first.test. IN CNAME www.${place}.second.test.`,
        `www.${place}.second.test. IN A 192.0.2.1`,
      ]);
    }
    expect(await ask('www.elsewhere.first.test', {}, ownPort)).toMatchObject({
      rcode: 'NXDOMAIN',
      answer: [],
    });
    expect(upstream.queries.map(({ name }) => name)).not.toContain('www.elsewhere.second.test.');
  });
});

describe('metadata', () => {
  it('takes zones, and publishes nothing about names in them', async () => {
    for (const name of ['www.metadata.test.', 'other.metadata.test.']) {
      expect((await ask(name)).answer).toEqual([`${name} 30 IN A 192.0.2.1`]);
      await daemon.waitForLine(new RegExp(`${name.replaceAll('.', '\\.')} -$`));
    }
  });
});
