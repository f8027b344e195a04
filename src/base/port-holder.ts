/**
 * Who holds a port, for the error that says that it is taken. Read from `/proc`, so it knows what is in our network namespace, and whose
 * processes we may look at; it is a hint for people and never an error. The work is bounded: a busy node has many sockets and processes.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { basename } from 'node:path';

/** Listening sockets come first in the kernel's list of TCP sockets; the rest may be megabytes. */
const MOST_TABLE_BYTES = 1024 * 1024;

/** File descriptors that are looked at, over all processes: some 40 ms, during which nothing else happens. */
const MOST_DESCRIPTORS = 20_000;

/** Processes that are named. */
const MOST_HOLDERS = 3;

/** Columns of `/proc/net/tcp` and its siblings. */
const LOCAL_ADDRESS = 1;
const STATE = 3;
const INODE = 9;

const STATE_LISTEN = '0A';
/** What an unconnected UDP socket shows. */
const STATE_CLOSE = '07';

/**
 * Names the processes that listen on `port`, on whatever address: `knotd (pid 123)`, or several separated by commas. Undefined when none
 * can be found out. Never throws.
 */
export function findPortHolder(protocol: 'tcp' | 'udp', port: number): string | undefined {
  try {
    const inodes = new Set([...inodesOnPort(protocol, port), ...inodesOnPort(`${protocol}6`, port)]);
    const holders = inodes.size === 0 ? [] : processesHolding(inodes);
    return holders.length === 0 ? undefined : holders.map(describe).join(', ');
  } catch {
    return undefined;
  }
}

function inodesOnPort(table: string, port: number): string[] {
  const wantedState = table.startsWith('tcp') ? STATE_LISTEN : STATE_CLOSE;
  const wantedPort = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readHead(`/proc/net/${table}`)
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[LOCAL_ADDRESS]?.endsWith(wantedPort) && columns[STATE] === wantedState)
    .map((columns) => columns[INODE]);
}

/** The beginning of a file; empty where there is no such file, as without IPv6. */
function readHead(path: string): string {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const head = Buffer.alloc(MOST_TABLE_BYTES);
    let length = 0;
    let read = -1;
    // The kernel gives a page at a time.
    while (read !== 0 && length < head.length) {
      read = readSync(fd, head, length, head.length - length, null);
      length += read;
    }
    return head.toString('latin1', 0, length);
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function processesHolding(inodes: ReadonlySet<string>): number[] {
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const holders: number[] = [];
  let descriptorsLeft = MOST_DESCRIPTORS;
  for (const pid of pids) {
    const descriptors = descriptorsOf(pid).slice(0, descriptorsLeft);
    descriptorsLeft -= descriptors.length;
    if (descriptors.some((descriptor) => links.has(linkOf(pid, descriptor)))) holders.push(pid);
    if (descriptorsLeft === 0 || holders.length === MOST_HOLDERS) break;
  }
  return holders;
}

// Processes end while they are looked at, and most are not ours to look at.

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

function linkOf(pid: number, descriptor: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return '';
  }
}

function describe(pid: number): string {
  const name = firstOf(pid, 'comm', '\n');
  // Node calls its main thread so; the program is more telling.
  const shown = name === 'MainThread' ? basename(firstOf(pid, 'cmdline', '\0')) : name;
  return shown === '' ? `pid ${pid}` : `${shown.replace(/\p{Cc}/gu, '?')} (pid ${pid})`;
}

/** What stands before the first separator in a file of a process; empty where it cannot be read. */
function firstOf(pid: number, file: string, separator: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split(separator, 1)[0];
  } catch {
    return '';
  }
}
