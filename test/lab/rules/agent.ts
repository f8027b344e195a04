/**
 * A process that a test starts inside a namespace, and that does there what it is told over its IPC channel: listen on an address, close
 * that again, ask a question, send a datagram. It is no DNS server: it gives the query back as a reply, with the rcode that its id says,
 * so that a test chooses what the rules see. What it is told and says is in `agent-calls.ts`.
 */
import { createSocket } from 'node:dgram';
import type { Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6 } from 'node:net';
import type { Server, Socket } from 'node:net';
import { SILENCE } from './agent-calls.ts';
import type { Ask, Call, Endpoint, Listen, Reply } from './agent-calls.ts';

type Work = (call: Call) => Promise<string>;

const QUESTION = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 0, 0, 1, 0, 1];
const opened = new Map<string, { close: () => void }>();

const work: Work = async (call) => {
  if (call.what === 'listen') return listen(call);
  if (call.what === 'close') return close(call);
  if (call.what === 'keep') return keep(call);
  if (call.what === 'ask again') return askAgain(call);
  return call.protocol === 'udp' ? askUdp(call) : askTcp(call);
};

process.on('message', (message) => {
  const { id, call } = message as { id: number; call: Call };
  const reply = (answer: Omit<Reply, 'id'>): void => void process.send?.({ id, ...answer });
  work(call).then(
    (said) => reply({ said }),
    (error: unknown) => reply({ failed: String(error) }),
  );
});
process.once('disconnect', () => process.exit());

const keyOf = ({ protocol, address, port }: Endpoint): string => `${protocol} ${address} ${port}`;

async function listen(at: Listen): Promise<string> {
  opened.set(keyOf(at), at.protocol === 'udp' ? await listenUdp(at) : await listenTcp(at));
  return 'listening';
}

async function close(at: Endpoint): Promise<string> {
  opened.get(keyOf(at))?.close();
  opened.delete(keyOf(at));
  return 'closed';
}

async function listenUdp({ address, port, authoritative }: Listen): Promise<{ close: () => void }> {
  const socket = udpSocket(address);
  socket.on('message', (query, from) => {
    const answer = answerTo(query, authoritative);
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return { close: () => void socket.close() };
}

async function listenTcp({ address, port, authoritative }: Listen): Promise<{ close: () => void }> {
  const connections = new Set<Socket>();
  const server: Server = createServer((connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    connection.on('error', () => undefined);
    connection.on('data', (frame) => {
      const answer = answerTo(frame.subarray(2), authoritative);
      if (answer !== undefined) connection.write(framed(answer));
    });
  });
  server.listen({ port, host: address, ipv6Only: true });
  await once(server, 'listening');
  return {
    close: () => {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

function answerTo(query: Buffer, authoritative = false): Buffer | undefined {
  const rcode = query.readUInt16BE(0) & 0xf;
  if (rcode === SILENCE) return undefined;
  const answer = Buffer.from(query);
  answer.writeUInt16BE((authoritative ? 0x8580 : 0x8180) | rcode, 2);
  return answer;
}

async function askUdp({ address, port, rcode, fromPort, timeoutMs }: Ask): Promise<string> {
  const socket = udpSocket(address);
  const done = Promise.race([
    once(socket, 'message').then(([answer]) => rcodeOf(answer as Buffer)),
    once(socket, 'error').then(([error]) => nameOf(error)),
  ]).catch(nameOf);
  if (fromPort !== undefined) {
    socket.bind(fromPort);
    await once(socket, 'listening');
  }
  socket.connect(port, address, () => {
    socket.send(query(rcode), (error) => {
      if (error !== null) socket.emit('error', error);
    });
  });
  try {
    return await within(timeoutMs, done);
  } finally {
    socket.close();
  }
}

async function askTcp(ask: Ask): Promise<string> {
  const socket = open(ask);
  try {
    return await within(ask.timeoutMs, exchange(socket, ask.rcode));
  } finally {
    socket.destroy();
  }
}

/** Opens a connection that stays open, for `ask again`. */
async function keep(at: Ask): Promise<string> {
  const socket = open(at);
  await once(socket, 'connect');
  opened.set(`kept ${keyOf(at)}`, { close: () => void socket.destroy() });
  kept.set(keyOf(at), socket);
  return within(at.timeoutMs, exchange(socket, at.rcode));
}

const kept = new Map<string, Socket>();

async function askAgain(at: Ask): Promise<string> {
  const socket = kept.get(keyOf(at));
  if (socket === undefined) throw new Error(`no connection is kept to ${keyOf(at)}`);
  return within(at.timeoutMs, exchange(socket, at.rcode));
}

function open({ address, port, fromPort }: Ask): Socket {
  const socket = connect({ host: address, port, ...(fromPort !== undefined && { localPort: fromPort }) });
  socket.on('error', () => undefined);
  return socket;
}

function exchange(socket: Socket, rcode: number): Promise<string> {
  if (socket.destroyed) return Promise.resolve('closed');
  if (socket.destroyed) return Promise.resolve('closed');
  socket.write(framed(query(rcode)));
  return Promise.race([
    once(socket, 'data').then(([frame]) => rcodeOf((frame as Buffer).subarray(2))),
    once(socket, 'close').then(() => 'closed'),
  ]).catch(nameOf);
}

const udpSocket = (address: string): Datagrams =>
  isIPv6(address) ? createSocket({ type: 'udp6', ipv6Only: true }) : createSocket('udp4');

const query = (rcode: number): Buffer =>
  Buffer.from([Math.floor(Math.random() * 256), rcode, 1, 0, ...QUESTION]);

const framed = (message: Buffer): Buffer => Buffer.concat([Buffer.of(0, message.length), message]);

function rcodeOf(answer: Buffer): string {
  const rcode = `rcode ${answer.readUInt8(3) & 0xf}`;
  return (answer.readUInt8(2) & 0x04) === 0 ? rcode : `authoritative ${rcode}`;
}

const nameOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

async function within(timeoutMs: number, done: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('nothing'), timeoutMs);
  });
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
