/** Each server block says how large a reply over UDP may be, also where blocks share an address. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const ANSWERS = Array.from({ length: 300 }, (_, index) => `@ 30 IN A 10.0.${index >> 8}.${index & 255}`);

describe('a reply over UDP', () => {
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let client: UdpClient;
  beforeAll(async () => {
    upstream = await startScriptedUpstream(() => reply({ answers: ANSWERS }));
    const port = await freePort();
    const block = (zone: string, bufsize: string): string => `${zone}:${port} {
      bind 127.0.0.1
      ${bufsize}
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
      }
    }
`;
    daemon = await startDaemon({
      corefile:
        block('small.test', 'bufsize 600') +
        block('large.test', 'bufsize 4096') +
        block('as-ever.test', '') +
        block('default.test', 'bufsize'),
    });
    client = await UdpClient.open({ port });
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
  });

  const ask = async (name: string, udpSize?: number): Promise<RawReply> => {
    const query = rawQuery({ name, ...(udpSize !== undefined && { edns: { udpSize } }) });
    return readReply(await client.ask(query));
  };

  it.each([
    ['small.test', 4096, 600],
    ['small.test', 550, 550],
    ['large.test', 65_535, 4096],
    ['large.test', 1400, 1400],
    ['large.test', undefined, 512],
    ['as-ever.test', 4096, 1232],
    ['default.test', 4096, 1232],
  ])('for %s and a client of %s octets has at most %i, and nearly so many', async (name, udpSize, most) => {
    const { octets, flags } = await ask(name, udpSize);
    expect(octets).toBeLessThanOrEqual(most);
    expect(octets).toBeGreaterThan(most - 32);
    expect(flags).toContain('tc');
  });
});
