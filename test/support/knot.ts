/**
 * A real authoritative server (Knot DNS) on loopback, to stand where the cluster DNS stands. Everything it writes is in a temporary
 * directory; it needs no privileges and touches no configuration of the machine. The zones are the caller's; `cluster-zone.ts` has one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askMessage } from '../../src/wire/ask-message.ts';
import { HEADER_OCTETS, SECTION_ANSWER, readCount, readFlags, rcodeOf } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, NOERROR, TYPE_SOA } from '../../src/wire/registry.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { freePort } from './free-port.ts';
import { toolPath } from './tools.ts';

export interface KnotOptions {
  /** Zone name, with or without final dot, to the text of the zone file. */
  readonly zones: Readonly<Record<string, string>>;
  /** A free one unless given, as to start again where a former server was. */
  readonly port?: number;
}

export interface Knot extends Child {
  /** Always 127.0.0.1. */
  readonly host: string;
  /** The same for UDP and TCP. */
  readonly port: number;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 10_000;
const RETRY_MS = 20;
const ERROR_LINE = / (?:error|critical): /;
const ASK_TIMEOUT_MS = 1_000;

/**
 * Resolves when the server answers for every zone. Whoever starts it outside of a test (in a hook) also stops it.
 *
 * @throws {Error} with all it has printed, when it ends before or does not answer in time
 */
export async function startKnot(options: KnotOptions): Promise<Knot> {
  const knotd = toolPath('knotd');
  const port = options.port ?? (await freePort());
  const zones = Object.keys(options.zones).map(withFinalDot);
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-knot-'));
  for (const [name, text] of Object.entries(options.zones)) {
    writeFileSync(join(directory, zoneFile(withFinalDot(name))), text);
  }
  const config = join(directory, 'knot.conf');
  writeFileSync(config, knotConfig(directory, port, zones));
  const child = startChild({
    command: [knotd, '--config', config],
    cleanUp: () => rmSync(directory, { recursive: true, force: true }),
  });
  try {
    await untilAnswered(child, port, zones);
  } catch (error) {
    child.signal('SIGKILL');
    await child.ended;
    throw new Error(`knotd does not answer; it printed:\n${child.lines().join('\n')}`, { cause: error });
  }
  return { ...child, host: HOST, port };
}

const withFinalDot = (name: string): string => (name.endsWith('.') ? name : `${name}.`);
const zoneFile = (zone: string): string => (zone === '.' ? 'root.zone' : `${zone}zone`);

/** Few threads, nothing written back, and log lines on stderr: quick to start, quiet while it runs. */
function knotConfig(directory: string, port: number, zones: readonly string[]): string {
  const header = `server:
    rundir: "${directory}"
    listen: ${HOST}@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: "${directory}/knot.sock"
database:
    storage: "${directory}"
log:
  - target: stderr
    any: info
template:
  - id: default
    storage: "${directory}"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
zone:
`;
  return header + zones.map((zone) => `  - domain: ${zone}\n    file: "${zoneFile(zone)}"\n`).join('');
}

/** Asks until all zones are served; loading them is over some time after the sockets are open. */
async function untilAnswered(child: Child, port: number, zones: readonly string[]): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(
    () => over.abort(new Error(`not within ${READY_TIMEOUT_MS} ms`)),
    READY_TIMEOUT_MS,
  );
  void child.ended.then(() => over.abort(new Error('it ended')));
  const attempt = async (): Promise<void> => {
    over.signal.throwIfAborted();
    // A zone that does not load leaves the server running without it, for ever.
    if (child.lines().some((line) => ERROR_LINE.test(line))) throw new Error('it told of an error');
    const answered = await Promise.all(zones.map((zone) => answersFor(zone, port)));
    if (answered.every(Boolean)) return;
    await delay(RETRY_MS);
    await attempt();
  };
  try {
    await attempt();
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the SOA record of a zone comes back over TCP. */
function answersFor(zone: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: ASK_TIMEOUT_MS });
    const received: Buffer[] = [];
    const finish = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.on('error', () => finish(false));
    socket.on('timeout', () => finish(false));
    socket.on('close', () => finish(false));
    socket.on('connect', () => socket.write(soaQuery(zone)));
    socket.on('data', (part) => {
      received.push(part);
      const message = Buffer.concat(received).subarray(2);
      if (message.length < HEADER_OCTETS) return;
      finish(rcodeOf(readFlags(message)) === NOERROR && readCount(message, SECTION_ANSWER) === 1);
    });
  });
}

/** Behind its two octets of length (RFC 1035 section 4.2.2). */
function soaQuery(zone: string): Buffer {
  const message = askMessage(
    { name: nameFromText(zone), type: TYPE_SOA, class: CLASS_IN },
    { recursionDesired: false, checkingDisabled: false, dnssecOk: false, edns: false },
  );
  const framed = Buffer.alloc(2 + message.length);
  framed.writeUInt16BE(message.length);
  framed.set(message, 2);
  return framed;
}
