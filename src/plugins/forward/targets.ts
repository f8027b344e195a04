/** The TO arguments of `forward`: addresses with a transport, or files in the form of resolv.conf(5), which stand for their name servers. */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { messageOf } from '../../base/error-message.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { parseResolvConf } from '../../upstream/resolv-conf.ts';
import type { UpstreamAddress } from '../../upstream/upstream.ts';

const DEFAULT_PORTS: Readonly<Record<'dns' | 'tls', number>> = { dns: 53, tls: 853 };

export function readTargets(
  targets: readonly string[],
  cursor: Cursor,
  context: SetupContext,
  tlsServerName: string | undefined,
): UpstreamAddress[] {
  const addresses: UpstreamAddress[] = [];
  for (const target of targets) {
    const address = parseTarget(target, cursor, tlsServerName);
    if (address === undefined) addresses.push(...fromFile(target, cursor, context));
    else addresses.push(address);
  }
  if (addresses.length === 0) {
    if (!context.lenient) throw cursor.error('no valid upstream addresses found');
    context.log.warn(`no name servers in ${targets.join(', ')}: queries for them get SERVFAIL`);
  }
  const seen = new Set<string>();
  return addresses.filter((address) => {
    const key = `${address.protocol} ${address.host} ${address.port} ${address.serverName ?? ''}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** @returns undefined for what is no address and may be a file. */
function parseTarget(
  target: string,
  cursor: Cursor,
  tlsServerName: string | undefined,
): UpstreamAddress | undefined {
  const [, scheme, rest] = /^(?:([a-z0-9]+):\/\/)?(.*)$/s.exec(target) ?? [];
  if (scheme !== undefined && scheme !== 'dns' && scheme !== 'tls') {
    throw cursor.error(`'${scheme}' is not supported as a destination protocol in forward: ${target}`);
  }
  const protocol = scheme ?? 'dns';
  const { host, port, serverName } = splitHostPort(rest, protocol);
  if (isIP(host) === 0 || port === undefined) {
    if (scheme !== undefined) throw cursor.error(`invalid address: "${target}"`);
    return undefined;
  }
  if (serverName !== undefined && tlsServerName !== undefined && serverName !== tlsServerName) {
    throw cursor.error(
      `both forward ('${tlsServerName}') and proxy level ('${serverName}') TLS servernames are set for upstream proxy '${target}'`,
    );
  }
  return { protocol, host, port, serverName: serverName ?? tlsServerName };
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

function fromFile(path: string, cursor: Cursor, context: SetupContext): UpstreamAddress[] {
  let text: string;
  try {
    if (!statSync(path).isFile()) throw cursor.error(`not an IP address or file: "${path}"`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (context.lenient) {
      context.log.warn(`cannot read ${path}: ${messageOf(error)}`);
      return [];
    }
    throw cursor.error(`not an IP address or file: "${path}"`);
  }
  return parseResolvConf(text)
    .nameservers.filter((host) => isIP(host) !== 0)
    .map((host) => ({ protocol: 'dns', host, port: DEFAULT_PORTS.dns }));
}
