/**
 * Ports for servers that tests start. A port is tried by binding it, UDP and TCP, on every address of both families, and let go again;
 * until the server binds it, somebody else could. So it is drawn at random from below the range that the kernel gives to clients
 * (32768 and up on Linux), where only another test's server could take it.
 */
import { createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const LOWEST_PORT = 10_240;
/** Not included. */
const HIGHEST_PORT = 32_768;
const MOST_TRIES = 100;

/** All addresses of a family: a port that is free on these is free on 127.0.0.1 and ::1. */
const EVERYWHERE = [
  { host: '0.0.0.0', udp: 'udp4' },
  { host: '::', udp: 'udp6' },
] as const;

/**
 * A port that nothing listens on, over UDP or TCP, IPv4 or IPv6.
 *
 * @throws {Error} when a hundred ports in a row are taken
 */
export async function freePort(triesLeft: number = MOST_TRIES): Promise<number> {
  if (triesLeft === 0) throw new Error(`${MOST_TRIES} ports in a row were taken; something else is wrong`);
  const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
  return (await isFree(port)) ? port : freePort(triesLeft - 1);
}

/** Whether a server could bind this port now, on any address, over UDP and TCP. */
export async function isFree(port: number): Promise<boolean> {
  const tries = EVERYWHERE.flatMap(({ host, udp }) => [tryUdp(port, host, udp), tryTcp(port, host)]);
  const results = await Promise.all(tries);
  return results.every(Boolean);
}

function tryUdp(port: number, host: string, type: 'udp4' | 'udp6'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.once('error', (error) => socket.close(() => resolve(isNoFamily(error))));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

function tryTcp(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(isNoFamily(error)));
    server.listen({ port, host, ipv6Only: true, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A machine without IPv6 has nothing on these ports of it. */
const isNoFamily = (error: Error): boolean =>
  'code' in error && (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL');
