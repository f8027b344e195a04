/** Runs nft, and makes of its complaints what they are about. What is written and read is others' to say. */
import { HostError } from '../host-error.ts';
import type { HostErrorCode } from '../host-error.ts';
import type { RunTool, ToolResult } from '../run-tool.ts';

/** What nft says, in its English, and what that means. The first that fits. */
const MEANINGS: readonly { readonly said: RegExp; readonly code: HostErrorCode; readonly means: string }[] = [
  {
    said: /operation not permitted|permission denied|must be root/i,
    code: 'permission',
    means:
      'nftables rules need the capability NET_ADMIN in this network namespace, and this process has not got it',
  },
  // Without the module nf_tables, netlink does not know whom the first message is for.
  {
    said: /cache initialization failed|unable to initialize netlink|protocol not supported/i,
    code: 'unsupported',
    means: 'the kernel has no nftables (module nf_tables)',
  },
  {
    said: /json support not compiled/i,
    code: 'tool',
    means: 'nft was built without JSON, by which the rules are read',
  },
];

export class Nft {
  readonly #run: RunTool;

  constructor(run: RunTool) {
    this.#run = run;
  }

  /** One transaction: all of it or nothing. @throws HostError */
  async commit(script: string): Promise<void> {
    const result = await this.#run('rules', { command: 'nft', args: ['-f', '-'], stdin: script });
    if (result.code !== 0) throw errorOf(result);
  }

  /** As `commit`, for a script that takes something away. @returns false where it was not there. @throws HostError */
  async takeAway(script: string): Promise<boolean> {
    const result = await this.#run('rules', { command: 'nft', args: ['-f', '-'], stdin: script });
    if (result.code !== 0 && isAbsent(result)) return false;
    if (result.code !== 0) throw errorOf(result);
    return true;
  }

  /** Whether the kernel would take it; changes nothing. @throws HostError where the reason is not the script's. @returns what is wrong, or undefined */
  async check(script: string): Promise<string | undefined> {
    const result = await this.#run('rules', { command: 'nft', args: ['-c', '-f', '-'], stdin: script });
    if (result.code === 0) return undefined;
    const error = errorOf(result);
    if (error.code !== 'failed') throw error;
    return error.message;
  }

  /** @returns the objects that nft lists in JSON, undefined where there is no such thing. @throws HostError */
  async list(...what: readonly string[]): Promise<readonly NftObject[] | undefined> {
    const result = await this.#run('rules', { command: 'nft', args: ['-j', 'list', ...what] });
    if (result.code !== 0 && isAbsent(result)) return undefined;
    if (result.code !== 0) throw errorOf(result);
    return objectsOf(result.stdout);
  }
}

/** Of `{ "nftables": [ { "table": {…} }, { "chain": {…} }, … ] }` one element: its kind, and what it has. */
export interface NftObject {
  readonly kind: string;
  readonly value: Readonly<Record<string, unknown>>;
}

function objectsOf(json: string): NftObject[] {
  const { nftables } = JSON.parse(json) as { nftables: readonly Record<string, Record<string, unknown>>[] };
  return nftables.flatMap((object) => Object.entries(object).map(([kind, value]) => ({ kind, value })));
}

const isAbsent = ({ stderr }: ToolResult): boolean => /no such file or directory/i.test(stderr);

function errorOf({ stderr, code }: ToolResult): HostError {
  const said = firstLine(stderr) || `exit code ${code} and no message`;
  const meaning = MEANINGS.find((row) => row.said.test(stderr));
  if (meaning === undefined) return new HostError('rules', 'failed', `nft: ${said}`);
  return new HostError('rules', meaning.code, `${meaning.means} (nft: ${said})`);
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';
