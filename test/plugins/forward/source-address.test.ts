/** `source_address`: where the packets to upstreams come from. What a line may say is in `options.test.ts` and `targets.test.ts`. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { reply } from '../../support/scripted-upstream.ts';
import { serve, setUpLine, startLine } from './set-up-line.ts';

const FROM = '127.0.0.9';

interface Listener {
  readonly port: number;
  /** Who has come, each time. */
  readonly seen: string[];
}

/** Hears and says nothing. */
async function listenUdp(host = '127.0.0.1'): Promise<Listener & { readonly types: number[] }> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4').bind(0, host);
  const seen: string[] = [];
  const types: number[] = [];
  socket.on('message', (message, { address }) => {
    seen.push(address);
    // Of a question with a short name: the type stands behind it.
    types.push(message.readUInt16BE(12 + message.subarray(12).indexOf(0) + 1));
  });
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { port: socket.address().port, seen, types };
}

async function listenTcp(): Promise<Listener> {
  const seen: string[] = [];
  const server = createServer((socket) => {
    seen.push(socket.remoteAddress ?? '');
    socket.on('error', () => undefined).destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { port: address.port, seen };
}

it('is where questions and health checks over UDP come from', async () => {
  const { port, seen, types } = await listenUdp();
  const { ask } = await startLine(
    `forward . 127.0.0.1:${port} {\n source_address ${FROM}\n read_timeout 50ms\n max_connect_attempts 1\n}`,
  );
  await ask();
  // The check is a question for NS.
  await eventually(() => types.includes(2));
  expect(new Set(types)).toEqual(new Set([1, 2]));
  expect(new Set(seen)).toEqual(new Set([FROM]));
});

it.each([
  { what: 'TCP', to: '', lines: 'force_tcp' },
  { what: 'TLS', to: 'tls://', lines: 'tls_servername dns.test' },
])('is where questions and health checks over $what come from', async ({ to, lines }) => {
  const { port, seen } = await listenTcp();
  const { ask } = await startLine(
    `forward . ${to}127.0.0.1:${port} {\n source_address ${FROM}\n ${lines}\n max_connect_attempts 1\n}`,
  );
  await ask();
  const asked = seen.length;
  await eventually(() => seen.length > asked);
  expect(new Set(seen)).toEqual(new Set([FROM]));
});

it('is not where they come from without the option', async () => {
  const { port, seen } = await listenUdp();
  const { ask } = await startLine(
    `forward . 127.0.0.1:${port} {\n read_timeout 50ms\n max_connect_attempts 1\n}`,
  );
  await ask();
  expect(new Set(seen)).toEqual(new Set(['127.0.0.1']));
});

it('is the one of the family of the upstream', async () => {
  const [four, six] = await Promise.all([listenUdp(), listenUdp('::1')]);
  const { ask } = await startLine(
    `forward . 127.0.0.1:${four.port} [::1]:${six.port} {\n source_address ::1 ${FROM}\n read_timeout 50ms\n}`,
  );
  await ask();
  expect(new Set(four.seen)).toEqual(new Set([FROM]));
  expect(new Set(six.seen)).toEqual(new Set(['::1']));
});

it('that is not an address of this host costs the question and not the process', async () => {
  const upstream = await serve(() => reply({}));
  for (const [lines, transport] of [
    ['', 'udp'],
    ['force_tcp', 'tcp'],
  ] as const) {
    const { ask } = setUpLine(
      `forward . 127.0.0.1:${upstream.port} {\n source_address 203.0.113.9\n max_fails 0\n ${lines}\n}`,
    );
    expect(await ask()).toMatchObject({
      rcode: 2,
      reason: `dial ${transport} 127.0.0.1:${upstream.port}: bind: cannot assign requested address`,
    });
  }
  expect(upstream.queries).toEqual([]);
});
