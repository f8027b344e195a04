/** The lines of `errors`: what stands in them for each way in which a query can end without an answer, and what `consolidate` makes of them. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { rawQuery } from '../../support/raw-message.ts';
import {
  closeConnection,
  drop,
  resetConnection,
  startScriptedUpstream,
} from '../../support/scripted-upstream.ts';
import type { Script } from '../../support/scripted-upstream.ts';
import { UdpClient } from '../../support/udp-client.ts';

interface Failing {
  readonly daemon: Daemon;
  readonly client: UdpClient;
  /** `host:port` of the upstream, as a pattern. */
  readonly upstream: string;
}

/** @param script undefined where nobody is to listen */
async function startFailing(script: Script | undefined, errors: string, options: string): Promise<Failing> {
  const [port, deadPort] = await Promise.all([freePort(), freePort()]);
  const upstream = script === undefined ? undefined : await startScriptedUpstream(script);
  onTestFinished(async () => upstream?.close());
  const upstreamPort = upstream?.port ?? deadPort;
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      ${errors}
      forward . 127.0.0.1:${upstreamPort} {
        max_fails 0
        max_connect_attempts 1
        read_timeout 200ms
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  return { daemon, client, upstream: `127\\.0\\.0\\.1:${upstreamPort}` };
}

const OURS = String.raw`127\.0\.0\.1:\d+`;

it.each<[string, Script | undefined, string, (upstream: string) => string]>([
  [
    'nobody answers over UDP',
    () => drop(),
    '',
    (upstream) => `2 www\\.example\\.test\\. AAAA: read udp ${OURS}->${upstream}: i/o timeout`,
  ],
  [
    'nobody answers over TCP',
    () => drop(),
    'force_tcp',
    (upstream) => `2 www\\.example\\.test\\. AAAA: read tcp ${OURS}->${upstream}: i/o timeout`,
  ],
  [
    'nobody listens on UDP',
    undefined,
    '',
    (upstream) => `2 www\\.example\\.test\\. AAAA: read udp ${OURS}->${upstream}: read: connection refused`,
  ],
  [
    'nobody listens on TCP',
    undefined,
    'force_tcp',
    (upstream) => `2 www\\.example\\.test\\. AAAA: dial tcp ${upstream}: connect: connection refused`,
  ],
  [
    'the connection is closed',
    () => closeConnection(),
    'force_tcp',
    (upstream) => `2 www\\.example\\.test\\. AAAA: read tcp ${OURS}->${upstream}: EOF`,
  ],
  [
    'the connection is reset',
    () => resetConnection(),
    'force_tcp',
    (upstream) =>
      `2 www\\.example\\.test\\. AAAA: read tcp ${OURS}->${upstream}: read: connection reset by peer`,
  ],
])('says why: %s', async (_name, script, options, expected) => {
  const { daemon, client, upstream } = await startFailing(script, 'errors', options);
  await client.ask(rawQuery({ name: 'WWW.Example.TEST', type: 'AAAA' }));
  const line = await daemon.waitForLine(/plugin\/errors/);
  expect(line).toMatch(new RegExp(`^\\[ERROR\\] plugin/errors: ${expected(upstream)}$`));
});

it('says how many queries wait already, with the rcode of a refusal', async () => {
  const { daemon, client } = await startFailing(() => drop(), 'errors', 'max_concurrent 1');
  client.send(rawQuery({ name: 'first.test', id: 1 }));
  await client.ask(rawQuery({ name: 'second.test', id: 2, type: 'TYPE65300' }));
  expect(await daemon.waitForLine(/second/)).toBe(
    '[ERROR] plugin/errors: 5 second.test. TYPE65300: concurrent queries exceeded maximum 1',
  );
});

it.each([
  ['', 'ERROR'],
  ['error', 'ERROR'],
  ['warning', 'WARNING'],
  ['info', 'INFO'],
  ['debug', 'DEBUG'],
])('sums errors up at the level "%s"', async (level, shown) => {
  const consolidate = `debug\n errors {\n consolidate 2s "refused$" ${level}\n }`;
  const { daemon, client } = await startFailing(undefined, consolidate, 'force_tcp');
  for (const id of [1, 2, 3]) await client.ask(rawQuery({ name: 'www.test', id }));
  expect(await daemon.waitForLine(/errors like/)).toBe(
    `[${shown}] plugin/errors: 3 errors like 'refused$' occurred in last 2s`,
  );
  expect(daemon.lines().filter((line) => line.includes('www.test. A:'))).toEqual([]);
});

it('shows the first of them in full with show_first, at their level', async () => {
  const consolidate = 'errors {\n consolidate 2s "refused$" warning show_first\n }';
  const { daemon, client, upstream } = await startFailing(undefined, consolidate, 'force_tcp');
  for (const id of [1, 2, 3]) await client.ask(rawQuery({ name: 'www.test', id }));
  expect(await daemon.waitForLine(/errors like/)).toBe(
    "[WARNING] plugin/errors: 3 errors like 'refused$' occurred in last 2s",
  );
  expect(daemon.lines().filter((line) => line.includes('www.test. A:'))).toEqual([
    expect.stringMatching(
      new RegExp(
        `^\\[WARNING\\] plugin/errors: 2 www\\.test\\. A: dial tcp ${upstream}: connect: connection refused$`,
      ),
    ),
  ]);
});
