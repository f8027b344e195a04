/**
 * The TO arguments of `forward`: addresses with a transport; files in the form of resolv.conf(5), which stand for their name servers; host
 * names, which stand for addresses that are looked up when the configuration begins to serve (see `followed-name.ts`).
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { messageOf } from '../../base/error-message.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { parseResolvConf } from '../../upstream/resolv-conf.ts';
import { hostPort } from '../../upstream/settings.ts';
import type { UpstreamAddress } from '../../upstream/settings.ts';
import { canReach } from './source-address.ts';
import type { SourceAddresses } from './source-address.ts';

/** Where questions go. */
export interface Destination {
  readonly protocol: 'dns' | 'tls';
  /** IP literal, or a host name without final dot. */
  readonly host: string;
  readonly isName: boolean;
  readonly port: number;
  /** The name that the certificate has to carry. */
  readonly serverName?: string | undefined;
}

/** What the line says of all its upstreams. */
export interface TargetOptions {
  readonly tlsServerName: string | undefined;
  readonly sourceAddresses: SourceAddresses;
}

const DEFAULT_PORTS: Readonly<Record<'dns' | 'tls', number>> = { dns: 53, tls: 853 };

/** Letters, digits and signs of host names; the last label of an address that was misspelt is a number, and that of no name is. */
const HOST_NAME = /^(?=.{1,253}\.?$)(?:[\w-]{1,63}\.)*(?!\d+\.?$)[\w-]{1,63}\.?$/;

export function readTargets(
  targets: readonly string[],
  cursor: Cursor,
  context: SetupContext,
  options: TargetOptions,
): Destination[] {
  const found = targets.flatMap((target) => readTarget(target, cursor, context, options));
  if (found.length === 0) {
    if (!context.lenient) throw cursor.error('no valid upstream addresses found');
    context.log.warn(`no name servers in ${targets.join(', ')}: queries for them get SERVFAIL`);
  }
  const seen = new Set<string>();
  return found.filter((destination) => {
    const key = destinationKey(destination);
    return !seen.has(key) && seen.add(key);
  });
}

/** The upstream at one of the addresses that a name stands for, or at the address itself. */
export const addressAt = ({ protocol, port, serverName }: Destination, host: string): UpstreamAddress => ({
  protocol,
  host,
  port,
  ...(serverName !== undefined && { serverName }),
});

/** The same for what is one upstream. */
export const destinationKey = ({
  protocol,
  host,
  port,
  serverName,
}: Pick<Destination, 'protocol' | 'host' | 'port' | 'serverName'>): string =>
  `${protocol} ${host} ${port} ${serverName ?? ''}`;

function readTarget(
  target: string,
  cursor: Cursor,
  context: SetupContext,
  options: TargetOptions,
): Destination[] {
  const [, scheme, rest] = /^(?:([a-z0-9]+):\/\/)?(.*)$/s.exec(target) ?? [];
  if (scheme !== undefined && scheme !== 'dns' && scheme !== 'tls') {
    throw cursor.error(`'${scheme}' is not supported as a destination protocol in forward: ${target}`);
  }
  const destination = parseDestination(rest, scheme ?? 'dns', options.tlsServerName);
  if (destination === undefined) {
    if (scheme !== undefined) throw cursor.error(`invalid address: "${target}"`);
    return fromFile(target, cursor, context, options.sourceAddresses);
  }
  // As CoreDNS does it: what is a file is no name.
  if (destination.isName && scheme === undefined && isFile(target)) {
    return fromFile(target, cursor, context, options.sourceAddresses);
  }
  refuseTwoServerNames(target, destination, options.tlsServerName, cursor);
  const { host, port, isName } = destination;
  if (!isName && !canReach(host, options.sourceAddresses)) {
    throw cursor.error(
      `no source_address fits the family of upstream ${hostPort(host, port)}: ${options.sourceAddresses.join(' ')}`,
    );
  }
  return [destination];
}

function refuseTwoServerNames(
  target: string,
  { serverName }: Destination,
  tlsServerName: string | undefined,
  cursor: Cursor,
): void {
  if (tlsServerName === undefined || serverName === tlsServerName) return;
  throw cursor.error(
    `both forward ('${tlsServerName}') and proxy level ('${serverName}') TLS servernames are set for upstream proxy '${target}'`,
  );
}

/** @returns undefined for what is neither an address nor a host name */
function parseDestination(
  text: string,
  protocol: 'dns' | 'tls',
  tlsServerName: string | undefined,
): Destination | undefined {
  const { host, port, serverName } = splitHostPort(text, protocol);
  if (port === undefined) return undefined;
  const isName = isIP(host) === 0;
  if (isName && !HOST_NAME.test(host)) return undefined;
  return {
    protocol,
    host: isName ? host.replace(/\.$/, '') : host,
    isName,
    port,
    serverName: serverName ?? tlsServerName,
  };
}

/** `ADDRESS[%SERVERNAME][:PORT]`, IPv6 addresses in brackets where a port follows. */
function splitHostPort(
  text: string,
  protocol: 'dns' | 'tls',
): { host: string; port: number | undefined; serverName: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?:%([^:]+))?(?::(\d+))?$/.exec(text);
  const plain = /^([^:%]*)(?:%([^:]+))?(?::(\d+))?$/.exec(text);
  const bare = /^([0-9a-fA-F:.]+)(?:%(.+))?$/.exec(text);
  const [, host = text, name, portText] = bracketed ?? plain ?? bare ?? [];
  const port = portText === undefined ? DEFAULT_PORTS[protocol] : Number(portText);
  return {
    host,
    port: port >= 1 && port <= 65_535 ? port : undefined,
    // `%` is a server name for TLS and an interface for plain DNS, where CoreDNS drops it.
    serverName: protocol === 'tls' ? name : undefined,
  };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function fromFile(
  path: string,
  cursor: Cursor,
  context: SetupContext,
  sources: SourceAddresses,
): Destination[] {
  let text: string;
  try {
    if (!statSync(path).isFile()) throw new Error('no file');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (context.lenient) {
      context.log.warn(`cannot read ${path}: ${messageOf(error)}`);
      return [];
    }
    throw cursor.error(`not an IP address, file, or valid domain: "${path}"`);
  }
  return parseResolvConf(text)
    .nameservers.filter((host) => isIP(host) !== 0)
    .filter((host) => {
      const fits = canReach(host, sources);
      if (!fits) context.log.warn(`${host} of ${path} is left out: no source_address fits its family`);
      return fits;
    })
    .map((host) => ({ protocol: 'dns', host, isName: false, port: DEFAULT_PORTS.dns }));
}
