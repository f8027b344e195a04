/** How long connections to upstreams live when nobody ends them, and that the system looks after those that are idle. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { later, reply } from '../support/scripted-upstream.ts';
import { selfSigned } from '../support/self-signed.ts';
import { openUpstream, serve } from './open-upstream.ts';
import { answerByName, name } from './streams.ts';

const SOCKETS = '/proc/net/tcp';
/** The kind of timer that runs for a socket, in the sixth column (Linux, proc_net_tcp.txt). */
const KEEPALIVE_TIMER = '02';

/** The timer of the connection between these ports, as the side sees it that has the first. */
function timerOf(localPort: number, remotePort: number): string | undefined {
  const [local, remote] = [localPort, remotePort].map(
    (port) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  const rows = readFileSync(SOCKETS, 'latin1').trim().split('\n').slice(1);
  const row = rows
    .map((line) => line.trim().split(/\s+/))
    .find((columns) => columns[1].endsWith(local) && columns[2].endsWith(remote));
  return row?.[5].slice(0, 2);
}

describe.skipIf(!existsSync(SOCKETS))('an idle connection (seen in Linux’s own table)', () => {
  it.each([
    ['plain', undefined],
    ['over TLS', selfSigned('127.0.0.1')],
  ])('is watched by keepalive: %s', async (_, tls) => {
    const server = await serve(() => reply(), tls === undefined ? {} : { tls });
    const { host, port } = server;
    const { ask } = openUpstream(
      { host, port, protocol: tls === undefined ? 'dns' : 'tls' },
      tls === undefined ? {} : { tls: { ca: tls.cert } },
    );
    await ask('a.test', 'tcp');
    const [{ clientPort }] = server.queries;
    // Until the answer is acknowledged another timer may run.
    await eventually(() => timerOf(clientPort, port) === KEEPALIVE_TIMER);
  });
});

describe('connections that were opened together', () => {
  it.each([
    ['idle time', { expireMs: 1_000 }],
    ['age', { maxAgeMs: 1_000 }],
  ])('do not end together at the end of their %s', async (_, settings) => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) => later(gate.promise, answerByName(query)));
    const { ask } = openUpstream(server, settings);
    const answers = Array.from({ length: 32 }, (__, i) => ask(name(i), 'tcp', 5_000));
    // Two on each: nothing was answered yet.
    await eventually(() => server.connections >= 16);
    gate.resolve();
    await Promise.all(answers);
    const { connections } = server;
    await eventually(() => server.connections < connections);
    const firstMs = performance.now();
    await server.waitForConnections(0);
    // Of 16 times within 250 ms, all lie within 20 ms once in 10^16 runs.
    expect(performance.now() - firstMs).toBeGreaterThan(20);
  });
});
