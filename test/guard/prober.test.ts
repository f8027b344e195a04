/** Probes over real sockets, against servers that answer as a test says. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { SocketProber } from '../../src/guard/prober.ts';
import type { ProbeResult, ProberOptions } from '../../src/guard/prober.ts';
import { frame } from '../../src/wire/frames.ts';
import { readId, writeId } from '../../src/wire/header.ts';
import { probeAnswer } from '../../src/wire/probe.ts';
import { freePort } from '../support/free-port.ts';

const HOST = '127.0.0.1';
/** Above the ports that the kernel gives out, and away from those of a guard that runs here. */
const FIRST_PORT = 62_000;

const answering = (
  query: Uint8Array,
  instance = 'a',
  state: 'serving' | 'draining' = 'serving',
): Uint8Array => {
  const message = probeAnswer(instance, state);
  writeId(message, readId(query));
  return message;
};

type Answer = (query: Buffer) => readonly Uint8Array[];

interface UdpServer {
  readonly socket: Socket;
  readonly port: number;
  /** Ports that were asked from. */
  readonly clients: number[];
}

async function udpServer(answer: Answer): Promise<UdpServer> {
  const socket: Socket = createSocket('udp4');
  const clients: number[] = [];
  socket.on('message', (query, { port, address }) => {
    clients.push(port);
    for (const message of answer(query)) socket.send(message, port, address);
  });
  socket.bind(0, HOST);
  await once(socket, 'listening');
  let isOpen = true;
  socket.once('close', () => (isOpen = false));
  onTestFinished(() => {
    if (isOpen) socket.close();
  });
  return { socket, port: socket.address().port, clients };
}

async function tcpServer(answer: Answer): Promise<{ port: number; server: Server; endings: string[] }> {
  const endings: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', (error) => endings.push('code' in error ? String(error.code) : error.message));
    socket.on('end', () => endings.push('FIN'));
    socket.on('data', (chunk) => {
      for (const message of answer(chunk.subarray(2))) socket.write(message);
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, server, endings };
}

/** Gives up what is asked after this. */
const PATIENCE_MS = 150;

function proberOf(dnsPort: number, options: Partial<ProberOptions> = {}): SocketProber {
  const made = new SocketProber({
    dnsPort,
    instance: 'a',
    clock: SYSTEM_CLOCK,
    firstPort: FIRST_PORT,
    ...options,
  });
  onTestFinished(() => made.release());
  return made;
}

/** Asks, and gives up when nothing has come. */
async function askInVain(prober: SocketProber, proto: 'udp' | 'tcp'): Promise<ProbeResult> {
  const timer = setTimeout(() => prober.giveUp(), PATIENCE_MS);
  const result = await prober.ask(proto, HOST);
  clearTimeout(timer);
  return result;
}

describe('over UDP', () => {
  it('is good when our instance answers that it serves', async () => {
    const { port } = await udpServer((query) => [answering(query)]);
    expect(await proberOf(port).ask('udp', HOST)).toMatchObject({ proto: 'udp', outcome: 'good' });
  });

  it('leaves from one port after the other, 64 in all, 8 times from each', async () => {
    const { port, clients } = await udpServer((query) => [answering(query)]);
    const prober = proberOf(port);
    for (let count = 0; count < 8 * 66; count++) await prober.ask('udp', HOST);
    const ports = Array.from({ length: 66 }, (_, index) => FIRST_PORT + (index % 64));
    expect(clients).toEqual(ports.flatMap((each) => Array.from({ length: 8 }, () => each)));
  });

  it('leaves from another port after a question that got no good answer', async () => {
    const { port, clients } = await udpServer((query) => [answering(query, 'b')]);
    const prober = proberOf(port);
    for (let count = 0; count < 3; count++) await prober.ask('udp', HOST);
    expect(clients).toEqual([FIRST_PORT, FIRST_PORT + 1, FIRST_PORT + 2]);
    const silent = await udpServer(() => []);
    const other = proberOf(silent.port, { firstPort: FIRST_PORT + 100 });
    for (let count = 0; count < 2; count++) await askInVain(other, 'udp');
    expect(silent.clients).toEqual([FIRST_PORT + 100, FIRST_PORT + 101]);
  });

  it('does not take the answer to a former question for one to this', async () => {
    const queries: Buffer[] = [];
    const { port } = await udpServer((query) => {
      queries.push(query);
      return queries.length === 1 ? [answering(query), answering(query)] : [answering(queries[0])];
    });
    const prober = proberOf(port);
    expect(await prober.ask('udp', HOST)).toMatchObject({ outcome: 'good' });
    expect(await askInVain(prober, 'udp')).toMatchObject({ outcome: 'failed', why: 'no answer' });
  });

  it('asks a server that came back, from a socket that heard that nobody listens', async () => {
    const { port, socket } = await udpServer((query) => [answering(query)]);
    const prober = proberOf(port);
    expect(await prober.ask('udp', HOST)).toMatchObject({ outcome: 'good' });
    socket.close();
    expect(await prober.ask('udp', HOST)).toMatchObject({ outcome: 'failed', why: 'connection refused' });
    const again = createSocket('udp4', (query, from) => {
      again.send(answering(query), from.port, from.address);
    }).bind(port, HOST);
    await once(again, 'listening');
    onTestFinished(() => void again.close());
    expect(await prober.ask('udp', HOST)).toMatchObject({ outcome: 'good' });
  });

  it('passes over a port that somebody holds', async () => {
    const { port, clients } = await udpServer((query) => [answering(query)]);
    const holder = createSocket('udp4').bind(FIRST_PORT, '0.0.0.0');
    await once(holder, 'listening');
    onTestFinished(() => void holder.close());
    expect(await proberOf(port).ask('udp', HOST)).toMatchObject({ outcome: 'good' });
    expect(clients).toEqual([FIRST_PORT + 1]);
  });

  it('asks from any other port when somebody holds one after the other', async () => {
    const { port, clients } = await udpServer((query) => [answering(query)]);
    for (let offset = 0; offset < 8; offset++) {
      const holder = createSocket('udp4').bind(FIRST_PORT + offset, '0.0.0.0');
      await once(holder, 'listening');
      onTestFinished(() => void holder.close());
    }
    expect(await proberOf(port).ask('udp', HOST)).toMatchObject({ outcome: 'good' });
    expect(clients[0] < FIRST_PORT || clients[0] >= FIRST_PORT + 8).toBe(true);
  });

  it('says that the server is draining', async () => {
    const { port } = await udpServer((query) => [answering(query, 'a', 'draining')]);
    expect(await proberOf(port).ask('udp', HOST)).toMatchObject({ outcome: 'draining' });
  });

  it('fails when another instance answers, and takes any where none is named', async () => {
    const { port } = await udpServer((query) => [answering(query, 'b')]);
    const why = 'another server answers: b';
    expect(await proberOf(port).ask('udp', HOST)).toMatchObject({ outcome: 'failed', why });
    expect(await proberOf(port, { instance: undefined }).ask('udp', HOST)).toMatchObject({ outcome: 'good' });
  });

  it('waits on when something comes that answers nothing', async () => {
    const { port } = await udpServer((query) => {
      const forged = answering(query);
      writeId(forged, readId(query) ^ 1);
      return [forged, Uint8Array.of(1, 2, 3), answering(query)];
    });
    expect(await proberOf(port).ask('udp', HOST)).toMatchObject({ outcome: 'good' });
  });

  it('fails when nothing comes until it is given up', async () => {
    const { port } = await udpServer(() => []);
    const result = await askInVain(proberOf(port), 'udp');
    expect(result).toMatchObject({ outcome: 'failed', why: 'no answer' });
    expect(SYSTEM_CLOCK.nowMs() - result.askedMs).toBeGreaterThanOrEqual(PATIENCE_MS - 1);
  });

  it('fails at once when nobody listens', async () => {
    const result = await proberOf(await freePort()).ask('udp', HOST);
    expect(result).toMatchObject({ outcome: 'failed', why: 'connection refused' });
  });

  it('fails for an address that cannot be reached, of either family', async () => {
    const prober = proberOf(53);
    for (const address of ['255.255.255.255', 'ff02::1']) {
      const result = await prober.ask('udp', address);
      expect(result.outcome).toBe('failed');
      expect(result.why).not.toBe('no answer');
    }
  });
});

describe('over TCP', () => {
  it('is good when our instance answers, and leaves no connection behind', async () => {
    const { port, endings } = await tcpServer((query) => [frame(answering(query))]);
    const prober = proberOf(port);
    for (let count = 0; count < 130; count++) {
      expect(await prober.ask('tcp', HOST)).toMatchObject({ proto: 'tcp', outcome: 'good' });
    }
    // A port is used again at once, which it could not be with connections in TIME_WAIT.
    expect(endings).not.toContain('FIN');
  });

  it('takes an answer that comes octet by octet', async () => {
    const { port } = await tcpServer((query) =>
      Array.from(frame(answering(query)), (octet) => Uint8Array.of(octet)),
    );
    expect(await proberOf(port).ask('tcp', HOST)).toMatchObject({ outcome: 'good' });
  });

  it.each<[string, Answer, string]>([
    ['nothing comes in time', () => [], 'no answer'],
    ['half an answer comes', (query) => [frame(answering(query)).subarray(0, 20)], 'no answer'],
    ['something else is answered', () => [frame(Uint8Array.of(1, 2, 3))], 'no such answer'],
    ['another instance answers', (query) => [frame(answering(query, 'b'))], 'another server answers: b'],
  ])('fails when %s', async (_what, answer, why) => {
    const { port } = await tcpServer(answer);
    expect(await askInVain(proberOf(port), 'tcp')).toMatchObject({ outcome: 'failed', why });
  });

  it('fails at once when the connection is closed', async () => {
    const { port, server } = await tcpServer(() => []);
    server.on('connection', (socket) => socket.end());
    const result = await proberOf(port).ask('tcp', HOST);
    expect(result).toMatchObject({ outcome: 'failed', why: 'connection closed' });
  });

  it('fails at once when nobody listens', async () => {
    const result = await proberOf(await freePort()).ask('tcp', HOST);
    expect(result).toMatchObject({ outcome: 'failed', why: 'connection refused' });
  });
});
