/**
 * What the tests need beyond Node: programs from Debian, one row each. This file knows which there are and whether they are here; it
 * installs nothing (`debian.ts` does) and starts nothing. To make a new tool known, add a row; nothing else changes.
 *
 * A suite that needs one says so at its top:
 *
 *     const { available, reason } = requireTools('knotd', 'kdig');
 *     describe.skipIf(!available)(`forwarding to a real server ${reason}`, () => { … });
 */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ToolRow {
  /** The program's file name. */
  readonly tool: string;
  /** The Debian package that brings it. */
  readonly package: string;
  /** The service that the package would start at every boot; it is switched off after the installation. */
  readonly service?: string;
  /** Which tests need it, as the end of "tests that …". */
  readonly purpose: string;
}

const ROWS = [
  { tool: 'dig', package: 'bind9-dnsutils', purpose: 'ask the daemon as most people do' },
  { tool: 'kdig', package: 'knot-dnsutils', purpose: 'ask over DoT, or many questions over one connection' },
  {
    tool: 'promtool',
    package: 'prometheus',
    service: 'prometheus',
    purpose: 'let Prometheus judge the metrics',
  },
  {
    tool: 'prometheus',
    package: 'prometheus',
    service: 'prometheus',
    purpose: 'let a real Prometheus scrape the daemon',
  },
  { tool: 'knotd', package: 'knot', service: 'knot', purpose: 'need a real server as cluster DNS' },
  { tool: 'ip', package: 'iproute2', purpose: 'make hosts of network namespaces' },
  { tool: 'ss', package: 'iproute2', purpose: 'read the memory of sockets' },
  { tool: 'nft', package: 'nftables', service: 'nftables', purpose: 'install nftables rules' },
  { tool: 'iptables', package: 'iptables', purpose: 'install iptables rules' },
  { tool: 'conntrack', package: 'conntrack', purpose: 'count tracked connections' },
  { tool: 'ptp', package: 'containernetworking-plugins', purpose: 'attach pods as a kubelet does' },
  { tool: 'setpriv', package: 'util-linux', purpose: 'serve without privileges' },
  {
    tool: 'dnstap',
    package: 'golang-github-dnstap-golang-dnstap-cli',
    purpose: 'let its own tool read dnstap',
  },
  {
    tool: 'fstrm_capture',
    package: 'fstrm-bin',
    purpose: 'read Frame Streams with the library that defines them',
  },
  { tool: 'dnstap-ldns', package: 'dnstap-ldns', purpose: 'decode dnstap with a second implementation' },
  { tool: 'systemd-analyze', package: 'systemd', purpose: 'let systemd judge its units' },
] as const satisfies readonly ToolRow[];

export type ToolName = (typeof ROWS)[number]['tool'];

export const TOOLS: readonly ToolRow[] = ROWS;

/** Where Debian keeps servers and CNI plugins; not on the PATH of ordinary users. */
const SERVER_DIRECTORIES: readonly string[] = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/lib/cni'];

/** Whether tools must be there: in CI, a test left out is a failure. */
export const toolsAreRequired = (env: NodeJS.ProcessEnv = process.env): boolean => env['CI'] === 'true';

/** The path of an executable file called `name`, or undefined. */
export function findTool(name: string, path: string = process.env['PATH'] ?? ''): string | undefined {
  const directories = [...path.split(delimiter), ...SERVER_DIRECTORIES];
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutableFile);
}

/** The rows whose tool is not on this machine. */
export const missingTools = (): readonly ToolRow[] => TOOLS.filter((row) => findTool(row.tool) === undefined);

/**
 * The path of a tool, or undefined when it is not here.
 *
 * @throws {Error} when it is missing and `CI=true`
 */
export function tool(name: ToolName): string | undefined {
  const path = findTool(name);
  if (path === undefined && toolsAreRequired()) throw new Error(missingReason([name]));
  return path;
}

/**
 * The path of a tool without which the caller cannot go on.
 *
 * @throws {Error} when it is missing
 */
export function toolPath(name: ToolName): string {
  const path = findTool(name);
  if (path === undefined) throw new Error(missingReason([name]));
  return path;
}

export interface Requirement {
  readonly available: boolean;
  /** Empty when all is there; otherwise what is missing and the command that brings it, in parentheses. */
  readonly reason: string;
}

/**
 * Whether all of these tools are here.
 *
 * @throws {Error} when one is missing and `CI=true`
 */
export function requireTools(...names: readonly ToolName[]): Requirement {
  const missing = names.filter((name) => tool(name) === undefined);
  if (missing.length === 0) return { available: true, reason: '' };
  return { available: false, reason: `(${missingReason(missing)})` };
}

function missingReason(names: readonly ToolName[]): string {
  const parts = names.map((name) => `${name} from the Debian package ${packageOf(name)}`);
  return `missing ${parts.join(', ')}; npm test -- --install brings it`;
}

const packageOf = (name: ToolName): string | undefined => TOOLS.find((row) => row.tool === name)?.package;

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
