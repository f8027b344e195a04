/**
 * One flavour of iptables: its programs for both families, what they print when they fail, and how long they wait for the xtables lock. A
 * flavour is `nft` (tables of nf_tables) or `legacy` (tables of ip_tables); a host can have rules in both, and a packet meets both.
 */
import { HostError } from '../host-error.ts';
import type { HostErrorCode } from '../host-error.ts';
import type { RunTool, ToolResult } from '../run-tool.ts';
import type { Family } from './family.ts';
import type { NamespaceFiles } from './namespace-files.ts';
import { parseSavedTable } from './saved-table.ts';
import type { SavedTable } from './saved-table.ts';

export type Flavour = 'nft' | 'legacy';
export type Table = 'raw' | 'filter' | 'mangle';

/**
 * How long a restore waits for the lock that the legacy flavour has: as long as node-cache and kubelet wait. kube-proxy holds it for as long
 * as its own restore takes, some seconds with tens of thousands of services.
 */
const LOCK_WAIT_SECONDS = 5;

/** Where the kernel names the legacy tables that this namespace has. */
const LEGACY_TABLES: Readonly<Record<Family, string>> = {
  4: '/proc/net/ip_tables_names',
  6: '/proc/net/ip6_tables_names',
};

export class Iptables {
  readonly flavour: Flavour;
  /** Between `iptables` and `-save`: `-nft`, `-legacy`, or nothing where there is one flavour only. */
  readonly #variant: string;
  readonly #run: RunTool;
  readonly #files: NamespaceFiles;

  constructor(flavour: Flavour, variant: string, run: RunTool, files: NamespaceFiles) {
    this.flavour = flavour;
    this.#variant = variant;
    this.#run = run;
    this.#files = files;
  }

  /** For messages: `iptables-nft`. */
  nameFor(family: Family): string {
    return `${family === 6 ? 'ip6tables' : 'iptables'}${this.#variant}`;
  }

  /**
   * Whether this table can be looked at without being made: merely listing a legacy table makes it, and with it a hook that every packet of
   * the host then passes.
   */
  async hasTable(family: Family, table: Table): Promise<boolean> {
    if (this.flavour === 'nft') return true;
    const names = (await this.#files.read(LEGACY_TABLES[family])) ?? '';
    return names.split('\n').includes(table);
  }

  /** @throws HostError */
  async save(family: Family, table: Table): Promise<SavedTable> {
    const command = `${this.nameFor(family)}-save`;
    const result = await this.#run('rules', { command, args: ['-t', table] });
    if (result.code !== 0) throw this.#failure(command, result);
    return parseSavedTable(result.stdout);
  }

  /**
   * Changes tables as the text says: each table in one step, or not at all.
   *
   * @throws HostError with `lock` when somebody held the lock all the time
   */
  async restore(family: Family, text: string): Promise<void> {
    const command = `${this.nameFor(family)}-restore`;
    const args = ['--noflush', '-w', String(LOCK_WAIT_SECONDS)];
    const result = await this.#run('rules', { command, args, stdin: text });
    if (result.code !== 0) throw this.#failure(command, result);
  }

  /** Legacy tables are reached through a raw socket. */
  #failure(command: string, result: ToolResult): HostError {
    const needs = this.flavour === 'legacy' ? 'NET_ADMIN and NET_RAW' : 'NET_ADMIN';
    return toolError(command, result, needs);
  }
}

/** The first that matches what a tool printed; English, since `runTool` asks for it. */
const CAUSES: readonly { readonly pattern: RegExp; readonly code: HostErrorCode }[] = [
  { pattern: /xtables lock/, code: 'lock' },
  { pattern: /Permission denied|Operation not permitted|must be root/, code: 'permission' },
  { pattern: /exec of .* failed: No such file/, code: 'tool' },
  {
    pattern: /insmod|not supported by protocol|Protocol not supported|unable to initialize table/,
    code: 'unsupported',
  },
];

/** @param needs the capabilities that the command takes */
function toolError(command: string, { code, stderr }: ToolResult, needs: string): HostError {
  const cause = CAUSES.find(({ pattern }) => pattern.test(stderr))?.code ?? 'failed';
  const said = stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('Try `'))
    .join('; ');
  const message = `${command}: ${said === '' ? `exit code ${code}` : said}`;
  const hint = cause === 'permission' ? `the capabilities that it takes are missing (${needs}): ` : '';
  return new HostError('rules', cause, `${hint}${message}`);
}
