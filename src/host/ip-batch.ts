/**
 * Many commands of iproute2's `ip` in one process: some that look (JSON, each may fail for itself) and some that change (the first that fails
 * ends them, and is told). It knows how `ip` is spoken to and how it says no; what to ask and what to change is for others to decide.
 */
import { HostError } from './host-error.ts';
import type { HostErrorCode } from './host-error.ts';
import type { RunTool } from './run-tool.ts';

/** One row of `ip -j`; its fields are those that the reader looks for, each of which may be missing. */
export type IpRow = Readonly<Record<string, unknown>>;

const FAILED_LINE = /^Command failed -:(\d+)$/;

/** What was tried and what was said; the first match counts. */
const REASONS: readonly { readonly pattern: RegExp; readonly code: HostErrorCode; readonly hint: string }[] =
  [
    {
      pattern: /Operation not permitted/,
      code: 'permission',
      hint: 'the capability NET_ADMIN is missing',
    },
    {
      pattern: /^ip link add .*(?:Unknown device type|not supported)/,
      code: 'unsupported',
      hint: 'the kernel has no interfaces of this type (load its module, or try --interface-type bridge)',
    },
    {
      // EACCES is what kernels before 5.19 say where it is switched off.
      pattern: /IPv6 is disabled|Address family not supported|^ip address add \S*:.*Permission denied/,
      code: 'unsupported',
      hint: 'IPv6 is switched off here (sysctl net.ipv6.conf.*.disable_ipv6)',
    },
  ];

/**
 * Looks.
 *
 * @param commands what would follow `ip -j -d`, such as `address show dev lo`: no line ends, no quotes
 * @returns for each command its rows, or undefined where it failed (no such interface, no route)
 * @throws {HostError} `tool` where `ip` is missing, or is not the one of iproute2
 */
export async function queryIp(run: RunTool, commands: readonly string[]): Promise<(IpRow[] | undefined)[]> {
  const args = ['-json', '-details', '-force', '-batch', '-'];
  const { stdout, stderr } = await run('interface', { command: 'ip', args, stdin: lines(commands) });
  const failed = new Set(failures(stderr).map(({ line }) => line));
  const answers = stdout.split('\n').filter((line) => line !== '');
  if (answers.length + failed.size !== commands.length) throw notIproute(stderr);
  return commands.map((_command, index) => (failed.has(index) ? undefined : rows(answers.shift(), stderr)));
}

/**
 * Changes, in order, up to the first failure.
 *
 * @param commands what would follow `ip`, such as `link set dev x up`
 * @throws {HostError} with the command that failed and what was said
 */
export async function applyIp(run: RunTool, commands: readonly string[]): Promise<void> {
  if (commands.length === 0) return;
  const { code, stderr } = await run('interface', {
    command: 'ip',
    args: ['-batch', '-'],
    stdin: lines(commands),
  });
  if (code === 0) return;
  const [{ line, said }] = [...failures(stderr), { line: -1, said: stderr.trim() }];
  const what = `ip ${commands[line] ?? '-batch'}: ${said}`;
  const reason = REASONS.find(({ pattern }) => pattern.test(what));
  const message = reason === undefined ? what : `${reason.hint}: ${what}`;
  throw new HostError('interface', reason?.code ?? 'failed', message);
}

const lines = (commands: readonly string[]): string => commands.map((command) => `${command}\n`).join('');

/** `ip` says what is wrong, and on the next line which command it was. */
function failures(stderr: string): { line: number; said: string }[] {
  const found: { line: number; said: string }[] = [];
  let said: string[] = [];
  for (const text of stderr.split('\n')) {
    const number = FAILED_LINE.exec(text)?.[1];
    if (number === undefined) said.push(text);
    else {
      found.push({ line: Number(number) - 1, said: said.join(' ').trim() });
      said = [];
    }
  }
  return found;
}

/** Options of `show` leave empty objects where a row did not fit. */
function rows(answer: string | undefined, stderr: string): IpRow[] {
  try {
    const list = JSON.parse(answer ?? '') as unknown;
    if (Array.isArray(list)) return list.filter(isRow).filter((row) => Object.keys(row).length > 0);
  } catch {
    // Said below.
  }
  throw notIproute(stderr);
}

export const isRow = (value: unknown): value is IpRow => typeof value === 'object' && value !== null;

/** BusyBox has an `ip` too, which knows neither JSON nor local routes with a source. */
function notIproute(stderr: string): HostError {
  const said = stderr.split('\n', 1)[0];
  const why = said === '' ? '' : ` (it said: ${said})`;
  return new HostError('interface', 'tool', `ip does not answer as iproute2 4.16 or later does${why}`);
}
