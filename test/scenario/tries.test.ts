/**
 * How often one server is asked one thing for one client: three times at most over each transport, however it fails (RFC 9520 section
 * 3.2). What makes it more are retries on two levels, each of them modest.
 */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import {
  closeConnection,
  drop,
  reply,
  resetConnection,
  several,
  startScriptedUpstream,
} from '../support/scripted-upstream.ts';
import type { ReceivedQuery, ScriptedAction, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const MOST = 3;
const FORGERY = reply({ name: 'other.example.', answers: ['@ 30 IN A 192.0.2.66'] });

/** How often the same thing was asked: over one transport, with an OPT or, for who dislikes that, without. */
function repetitions({ queries }: ScriptedUpstream): readonly number[] {
  const counts = new Map<string, number>();
  for (const { transport, hasOpt } of queries) {
    const key = `${transport} ${hasOpt}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()];
}

it.each<[what: string, options: string, script: (query: ReceivedQuery) => ScriptedAction]>([
  ['says nothing over UDP', 'max_connect_attempts 100', () => drop()],
  // Shorter attempts only for the test's sake: all that is sent anew because of silence is sent within 0.7 s.
  ['says nothing over TCP', 'force_tcp\n read_timeout 1s', () => drop()],
  ['closes every connection', 'force_tcp', () => closeConnection()],
  ['resets every connection', 'force_tcp', () => resetConnection()],
  ['answers something else each time', '', () => several(FORGERY, FORGERY, FORGERY)],
  ['truncates over UDP and over TCP', '', () => reply({ truncated: true })],
  [
    'dislikes EDNS, and says nothing without',
    'read_timeout 1s',
    ({ hasOpt }) => (hasOpt ? reply({ rcode: 'FORMERR', opt: false }) : drop()),
  ],
  ['says SERVFAIL', '', () => reply({ rcode: 'SERVFAIL' })],
])('an upstream that %s is asked three times at most', async (_what, options, script) => {
  await Promise.all([1, 2].map((count) => countQueries(count, options, script)));
});

async function countQueries(
  count: number,
  options: string,
  script: (query: ReceivedQuery) => ScriptedAction,
): Promise<void> {
  const upstreams = await Promise.all(Array.from({ length: count }, () => startScriptedUpstream(script)));
  onTestFinished(async () => void (await Promise.all(upstreams.map((upstream) => upstream.close()))));
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      forward . ${upstreams.map((upstream) => `127.0.0.1:${upstream.port}`).join(' ')} {
        max_fails 0
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  const { rcode } = readReply(await client.ask(rawQuery({ name: 'www.example.' })));
  expect(['SERVFAIL', 'NOERROR']).toContain(rcode);
  const asked = upstreams.flatMap(repetitions);
  expect(asked).not.toEqual([]);
  expect(Math.max(...asked), `asked of ${count} upstreams: ${asked.join(', ')}`).toBeLessThanOrEqual(MOST);
}
