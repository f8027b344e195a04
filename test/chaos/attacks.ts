/**
 * Clients that nobody wants, one function each: they do as they do until their time is over, look at no answer, and leave nothing behind. How
 * often is chosen so that one process of theirs leaves the load its processor; what a daemon does at its limits is measured elsewhere.
 */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { RD, writeId } from '../../src/wire/header.ts';
import { frame } from '../../src/wire/frames.ts';
import { TYPE_A, TYPE_TXT } from '../../src/wire/registry.ts';
import { PACKETS } from '../fuzz/corpus.ts';
import { mutate } from '../fuzz/mutate.ts';
import type { Random } from '../fuzz/random.ts';
import { message, question } from '../wire/raw-message.ts';

export interface Target {
  readonly port: number;
  readonly random: Random;
  /** When it is over, by performance.now(). */
  readonly endMs: number;
}

const TICK_MS = 10;
const NAMES_PER_TICK = 20;
const PACKETS_PER_TICK = 5;
/** More than a daemon takes at a time. */
const CONNECTIONS = 1_300;
const OPENED_PER_TICK = 30;
/** The pods' connections come from another address. */
const ATTACKER = '127.0.0.7';
const SLOW_READERS = 4;
const QUESTIONS_OF_A_SLOW_READER = 200;
const SLOW_WRITERS = 10;
const OTHERS = PACKETS.map(({ octets }) => octets);

export const ATTACKS = {
  'flood of random names': floodOfNames,
  'flood of connections': floodOfConnections,
  'slow readers': slowReaders,
  'slow writers': slowWriters,
  'hostile packets': hostilePackets,
} as const satisfies Readonly<Record<string, (target: Target) => Promise<void>>>;

export type Attack = keyof typeof ATTACKS;

/** From an address of its own, as one pod has. */
async function floodOfNames(target: Target): Promise<void> {
  const socket = await openUdp(target.port, '127.0.0.9');
  await everyTick(target, () => {
    for (let left = NAMES_PER_TICK; left > 0; left--) socket.send(randomName(target.random));
  });
  socket.close();
}

function randomName(random: Random): Uint8Array {
  const label = random.uint32().toString(36);
  const name = random.once(2) ? `cold-${label}.tail.test.` : `x${label}.default.svc.cluster.local.`;
  return message({ id: random.below(0x1_0000), flags: RD, question: question(name, TYPE_A) });
}

/** As fast as they open, most of them idle, ended by RST. */
async function floodOfConnections({ port, random, endMs }: Target): Promise<void> {
  const sockets = new Set<Socket>();
  while (performance.now() < endMs) {
    for (let left = OPENED_PER_TICK; left > 0 && sockets.size < CONNECTIONS; left--) {
      const socket = openTcp(port);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.resume();
      if (random.once(4)) socket.write(frame(randomName(random)));
    }
    await delay(TICK_MS);
  }
  for (const socket of sockets) socket.resetAndDestroy();
}

/** Many questions with large answers, and nothing read. */
async function slowReaders({ port, random, endMs }: Target): Promise<void> {
  const sockets = Array.from({ length: SLOW_READERS }, () => openTcp(port).pause());
  for (const socket of sockets) {
    for (let left = QUESTIONS_OF_A_SLOW_READER; left > 0; left--) {
      const name = `big-${random.below(20)}.shop.svc.cluster.local.`;
      const query = message({
        id: random.below(0x1_0000),
        flags: RD,
        question: question(name, TYPE_TXT),
      });
      socket.write(frame(query));
    }
  }
  await delay(endMs - performance.now());
  for (const socket of sockets) socket.destroy();
}

/** An octet of a question at a time. */
async function slowWriters(target: Target): Promise<void> {
  const writers = Array.from({ length: SLOW_WRITERS }, () => ({
    socket: openTcp(target.port).resume(),
    left: frame(randomName(target.random)),
  }));
  await everyTick(target, () => {
    for (const writer of writers) {
      if (writer.left.length === 0) writer.left = frame(randomName(target.random));
      if (!writer.socket.destroyed) writer.socket.write(writer.left.subarray(0, 1));
      writer.left = writer.left.subarray(1);
    }
  });
  for (const { socket } of writers) socket.destroy();
}

async function hostilePackets(target: Target): Promise<void> {
  const { port, random } = target;
  const socket = await openUdp(port, '127.0.0.8');
  let stream = openTcp(port).resume();
  await everyTick(target, () => {
    for (let left = PACKETS_PER_TICK; left > 0; left--) {
      const packet = mutate(random, random.pick(OTHERS), OTHERS, 3).slice(0, 8_000);
      if (packet.length >= 2) writeId(packet, random.below(0x1_0000));
      socket.send(packet);
      if (stream.destroyed) stream = openTcp(port).resume();
      stream.write(random.once(8) ? packet : frame(packet));
      if (random.once(20)) stream.resetAndDestroy();
    }
  });
  socket.close();
  stream.destroy();
}

async function everyTick({ endMs }: Target, act: () => void): Promise<void> {
  while (performance.now() < endMs) {
    act();
    await delay(TICK_MS);
  }
}

async function openUdp(port: number, from: string): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.bind(0, from, resolve));
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  return socket;
}

function openTcp(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress: ATTACKER });
  // Refused, reset, closed in the middle: all of it is what who does such things has to expect.
  socket.on('error', () => undefined);
  return socket;
}
