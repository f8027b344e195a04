/**
 * A daemon to which something is done that has nothing to do with its queries: what it is asked, what it says, what its metrics say, and
 * what the system says of it.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { startChild } from '../../support/child.ts';
import type { Child } from '../../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { scrape } from '../../support/page.ts';
import type { Scrape } from '../../support/page.ts';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import { readOpt } from '../../support/read-opt.ts';
import { reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../../support/scripted-upstream.ts';
import { tempFile } from '../../support/temp-file.ts';
import { UdpClient } from '../../support/udp-client.ts';

/** Ticks of the processor clock in a second, which Linux shows to programs (`sysconf(_SC_CLK_TCK)`). */
const TICKS_PER_SECOND = 100;
const ANSWER: Script = () => reply({ answers: ['@ 30 IN A 192.0.2.1'] });

export interface Answer {
  readonly rcode: string;
  readonly answer: readonly string[];
  /** `CODE TEXT` of the Extended DNS Error, if there is one. */
  readonly error: string | undefined;
}

export type Ask = (name: string) => Promise<Answer>;

export interface Setting {
  readonly upstream: ScriptedUpstream;
  readonly daemon: Child;
  readonly port: number;
  readonly metricsPort: number;
  readonly ask: Ask;
  readonly metrics: () => Promise<Scrape>;
}

export interface SettingOptions {
  readonly script?: Script;
  /** Lines of the block beside `bind`, `prometheus` and `forward`. */
  readonly lines?: string;
  /** Lines of the block of `forward`. */
  readonly forward?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What starts the daemon: a program that does something and becomes the command behind it. */
  readonly prefix?: readonly string[];
  /** Its output goes elsewhere: that it serves is learnt from its pages and answers. */
  readonly silent?: boolean;
}

/** A daemon in front of an upstream that answers everything; both end with the test. */
export async function startSetting(options: SettingOptions = {}): Promise<Setting> {
  const upstream = await startScriptedUpstream(options.script ?? ANSWER);
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = [await freePort(), await freePort()];
  const corefile = `.:${port} {
  bind 127.0.0.1
  prometheus 127.0.0.1:${metricsPort}
  ${options.lines ?? 'cache 30'}
  forward . 127.0.0.1:${upstream.port} {
    max_connect_attempts 1
    ${options.forward ?? ''}
  }
}
`;
  const daemon = startChild({
    command: [...(options.prefix ?? []), ...serveCommand(tempFile(corefile)), ...(options.args ?? [])],
    cwd: REPOSITORY_ROOT,
    ...(options.env !== undefined && { env: options.env }),
  });
  if (options.silent === true) await eventually(() => isServing(port, metricsPort));
  else await daemon.waitForLine(READY_PATTERN);
  const ask = await openAsk(port);
  return { upstream, daemon, port, metricsPort, ask, metrics: () => scrape(metricsPort) };
}

async function isServing(port: number, metricsPort: number): Promise<boolean> {
  const hasPage = await scrape(metricsPort).then(
    () => true,
    () => false,
  );
  if (!hasPage) return false;
  const client = await UdpClient.open({ port });
  const answer = client.ask(rawQuery({ name: 'ready.test' }), 1_000);
  return answer.then(
    () => true,
    () => false,
  );
}

/** How the daemon is started, from the root of the repository. */
export const serveCommand = (corefilePath: string): readonly string[] => [
  process.execPath,
  'src/main.ts',
  'serve',
  '--conf',
  corefilePath,
];

/** Asks over UDP for the addresses of names. */
export async function openAsk(port: number): Promise<Ask> {
  const client = await UdpClient.open({ port });
  let id = 0;
  return async (name) => {
    const message = await client.ask(rawQuery({ name, id: ++id, edns: {} }));
    const { rcode, answer } = readReply(message);
    return { rcode, answer, error: readOpt(message)?.error };
  };
}

/** Processor time that a process has used, in milliseconds. */
export function processorMs(pid: number): number {
  // Behind the name, which may hold anything: state is field 3, user and system time are 14 and 15 (proc(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** The lowest number that no descriptor of the process has: with a limit of this many it can open no other. */
export function lowestFreeDescriptor(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let free = 0;
  while (used.has(free)) free++;
  return free;
}

/** How many sockets a process has open. */
export const openSockets = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => linkOf(`/proc/${pid}/fd/${fd}`).startsWith('socket:')).length;

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed since it was listed.
    return '';
  }
}

/** How many of these lines match. */
export const count = (lines: readonly string[], pattern: RegExp): number =>
  lines.filter((line) => pattern.test(line)).length;
