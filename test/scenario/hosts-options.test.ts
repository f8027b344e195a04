/** What a hosts file is for, and for how long its answers count: its zones, the way back, what is left to others, and the TTL. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const FILE = `192.0.2.1 listed.in.test listed.out.test
2001:db8::1 listed.in.test
`;
const REVERSE = '1.2.0.192.in-addr.arpa';

describe('hosts', () => {
  let directory: string;
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let port: number;
  let plainPort: number;
  beforeAll(async () => {
    upstream = await startScriptedUpstream(({ type }) =>
      reply({ answers: [type === 'PTR' ? '@ 30 IN PTR upstream.test.' : '@ 30 IN A 192.0.2.99'] }),
    );
    directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-test-'));
    const file = join(directory, 'hosts');
    writeFileSync(file, FILE);
    [port, plainPort] = await Promise.all([freePort(), freePort()]);
    const block = (blockPort: number, options: string): string => `.:${blockPort} {
      bind 127.0.0.1
      hosts ${file} in.test {
        ${options}
      }
      forward . 127.0.0.1:${upstream.port}
    }
`;
    daemon = await startDaemon({
      corefile:
        block(port, '192.0.2.20 inline.in.test\n ttl 77\n no_reverse\n fallthrough through.in.test') +
        block(plainPort, 'fallthrough'),
    });
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const ask = async (name: string, type = 'A', at = port): Promise<RawReply> => {
    const client = await UdpClient.open({ port: at });
    return readReply(await client.ask(rawQuery({ name, type })));
  };

  it('answers for names of its zones only, whatever else the file lists', async () => {
    expect(await ask('listed.in.test')).toMatchObject({
      flags: expect.arrayContaining(['aa']) as string[],
      answer: [expect.stringMatching(/ A 192\.0\.2\.1$/)],
    });
    expect((await ask('listed.out.test')).answer).toEqual(['listed.out.test. 30 IN A 192.0.2.99']);
  });

  it('gives the TTL that it is told, and an hour otherwise', async () => {
    expect((await ask('listed.in.test')).answer).toEqual(['listed.in.test. 77 IN A 192.0.2.1']);
    expect((await ask('listed.in.test', 'AAAA')).answer).toEqual(['listed.in.test. 77 IN AAAA 2001:db8::1']);
    expect((await ask('inline.in.test')).answer).toEqual(['inline.in.test. 77 IN A 192.0.2.20']);
    expect((await ask('listed.in.test', 'A', plainPort)).answer).toEqual([
      'listed.in.test. 3600 IN A 192.0.2.1',
    ]);
  });

  it('knows no way back with `no_reverse`', async () => {
    expect((await ask(REVERSE, 'PTR')).answer).toEqual([`${REVERSE}. 30 IN PTR upstream.test.`]);
    expect((await ask(REVERSE, 'PTR', plainPort)).answer).toEqual([
      `${REVERSE}. 3600 IN PTR listed.in.test.`,
    ]);
  });

  it('leaves names that are not there to others in the zones of `fallthrough` only', async () => {
    expect((await ask('missing.through.in.test')).answer).toEqual([
      'missing.through.in.test. 30 IN A 192.0.2.99',
    ]);
    expect(await ask('missing.in.test')).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
    expect(upstream.queries.map(({ name }) => name)).not.toContain('missing.in.test.');
    expect((await ask('missing.in.test', 'A', plainPort)).rcode).toBe('NOERROR');
  });
});
