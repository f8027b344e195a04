/**
 * What stands on the host of what a `LinkPlan` asks for: the interface, who holds the addresses, how they are reached, and the address that this
 * node would send from to the outside. One process, and a second one for a bridge. It judges nothing.
 */
import { isRow, queryIp } from './ip-batch.ts';
import type { IpRow } from './ip-batch.ts';
import type { LinkPlan } from './link.ts';
import type { RunTool } from './run-tool.ts';

export type Family = 4 | 6;

export interface HeldAddress {
  readonly address: string;
  readonly prefixLength: number;
  /** Whether the kernel may choose it as the source towards other hosts: no IPv4 of scope host, no deprecated IPv6 (RFC 6724, rule 3). */
  readonly isSource: boolean;
}

export interface FoundLink {
  /** As in `ip link add … type KIND`; undefined for physical ones and the loopback. */
  readonly kind: string | undefined;
  readonly up: boolean;
  /** IPv6 link-local addresses, which the kernel makes by itself, are left out. */
  readonly addresses: readonly HeldAddress[];
  /** Interfaces that are ports of it, when it is a bridge. */
  readonly ports: readonly string[];
}

/** How the kernel reaches an address now. */
export interface Way {
  readonly local: boolean;
  /** What a socket that was not bound would send from. */
  readonly source: string | undefined;
  /** 0 for the IPv6 route that the kernel made itself with the address; undefined for IPv4. */
  readonly metric: number | undefined;
}

export interface LinkState {
  /** Undefined when there is no interface of that name. */
  readonly link: FoundLink | undefined;
  /** Of the plan's addresses, those that other interfaces hold: address → interface. */
  readonly heldElsewhere: ReadonlyMap<string, string>;
  readonly ways: ReadonlyMap<string, Way>;
  /** What the node sends from to the outside; none without a route there, or without an address for it but ours. */
  readonly nodeAddresses: Readonly<Record<Family, string | undefined>>;
}

/** Documentation addresses (RFC 5737, RFC 3849): no host has a route to them but its default route. */
const OUTSIDE: Readonly<Record<Family, string>> = { 4: '198.51.100.1', 6: '2001:db8::1' };
const FAMILIES: readonly Family[] = [4, 6];
const IPV6_LINK_LOCAL = /^fe[89ab]/;

export const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4);

/** `address` as the prefix that holds it alone. */
export const asPrefix = (address: string): string => `${address}/${familyOf(address) === 4 ? 32 : 128}`;

/** @throws {HostError} `tool` */
export async function readLinkState(run: RunTool, { name, addresses }: LinkPlan): Promise<LinkState> {
  const answers = await queryIp(run, [
    `address show dev ${name}`,
    ...FAMILIES.map((family) => `route get ${OUTSIDE[family]}`),
    ...addresses.map((address) => `address show to ${asPrefix(address)}`),
    ...addresses.map((address) => `route get ${address}`),
  ]);
  const [shown, ...rest] = answers;
  const [outside, holders, ways] = [
    rest.slice(0, FAMILIES.length),
    rest.slice(FAMILIES.length, FAMILIES.length + addresses.length),
    rest.slice(FAMILIES.length + addresses.length),
  ];
  const link = await readLink(run, name, shown);
  const ours = new Set([...addresses, ...(link?.addresses ?? []).map(({ address }) => address)]);
  const sources = outside.map((rows) => readWay(rows).source).map((source) => usable(source, ours));
  return {
    link,
    heldElsewhere: new Map(
      addresses.flatMap((address, index): [string, string][] => {
        const holder = holders[index]?.map((row) => row['ifname']).find((found) => found !== name);
        return typeof holder === 'string' ? [[address, holder]] : [];
      }),
    ),
    ways: new Map(addresses.map((address, index) => [address, readWay(ways[index])])),
    nodeAddresses: { 4: sources[0], 6: sources[1] },
  };
}

/** Only the interface itself, for those who have no plan. */
export async function readLinkOnly(run: RunTool, name: string): Promise<FoundLink | undefined> {
  const [shown] = await queryIp(run, [`address show dev ${name}`]);
  return readLink(run, name, shown);
}

async function readLink(
  run: RunTool,
  name: string,
  shown: IpRow[] | undefined,
): Promise<FoundLink | undefined> {
  const row = shown?.[0];
  if (row === undefined) return undefined;
  const { linkinfo, flags } = row;
  const kind = isRow(linkinfo) ? text(linkinfo['info_kind']) : undefined;
  return {
    kind,
    up: Array.isArray(flags) && flags.includes('UP'),
    addresses: list(row['addr_info'])
      .map((info) => ({
        address: String(info['local']),
        prefixLength: Number(info['prefixlen']),
        isSource: info['scope'] !== 'host' && info['deprecated'] !== true,
      }))
      .filter(({ address }) => !IPV6_LINK_LOCAL.test(address)),
    ports: kind === 'bridge' ? await portsOf(run, name) : [],
  };
}

/** A question of its own, since `ip` ends, with all that it was asked in one go, at the name of a master that is not there. */
async function portsOf(run: RunTool, name: string): Promise<string[]> {
  const [ports = []] = await queryIp(run, [`link show master ${name}`]);
  return ports.map((port) => String(port['ifname']));
}

function readWay(found: IpRow[] | undefined): Way {
  const row = found?.[0];
  const metric = row?.['metric'];
  return {
    local: row?.['type'] === 'local',
    source: text(row?.['prefsrc']),
    metric: typeof metric === 'number' ? metric : undefined,
  };
}

/** A link-local address answers on its own link only, and one of ours is what must not be sent from. */
const usable = (source: string | undefined, ours: ReadonlySet<string>): string | undefined =>
  source === undefined || ours.has(source) || IPV6_LINK_LOCAL.test(source) ? undefined : source;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const list = (value: unknown): IpRow[] =>
  Array.isArray(value) ? value.filter(isRow).filter((row) => row['local'] !== undefined) : [];
