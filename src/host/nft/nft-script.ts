/**
 * The rules as text for nft: one function for each transaction. It decides what a packet must fulfil to bypass connection tracking; it runs
 * nothing. Expressions stand in the order of their price: packets of everybody pass here, and most part from us at the port.
 */
import { isIPv6 } from 'node:net';
import {
  CANARY_ADDRESSES,
  CANARY_PORT,
  FIRST_PROBE_PORT,
  PROBE_PORTS,
  type InterceptionPlan,
} from '../rules.ts';
import type { NftForm } from './form.ts';
import { fingerprint } from './fingerprint.ts';

export const FAMILY = 'inet';
export const TABLE = 'nodelocaldns';
export const FULL_NAME = `${FAMILY} ${TABLE}`;

/** The hooks of our base chains, which are named after them. Before connection tracking (-200), as iptables' table of that name. */
export const CHAINS = ['prerouting', 'output'] as const;
export const PRIORITY = -300;
type ChainName = (typeof CHAINS)[number];

/** An IP version's words. */
interface Version {
  readonly number: 4 | 6;
  readonly header: 'ip' | 'ip6';
  readonly type: 'ipv4_addr' | 'ipv6_addr';
}

const VERSIONS: readonly Version[] = [
  { number: 4, header: 'ip', type: 'ipv4_addr' },
  { number: 6, header: 'ip6', type: 'ipv6_addr' },
];

export const SET_KINDS = ['armed', 'live'] as const;
type SetKind = (typeof SET_KINDS)[number];

/** A set that grows by rules needs a bound; only addresses of the plan ever stand in it. */
const LEAST_SET_SIZE = 64;
const CONNECTION_PROTOCOLS = ['udp', 'tcp'] as const;

interface Rule {
  readonly chain: ChainName;
  readonly text: string;
  /** For who reads the ruleset. */
  readonly about: string;
}

/** Everything that stands while nothing is armed. */
export interface Ruleset {
  readonly script: string;
  /** The comment of each rule, in the order of the script; tells the rules of one plan and form from those of another. */
  readonly comments: readonly string[];
  readonly setNames: readonly string[];
}

export function rulesetOf(plan: InterceptionPlan, form: NftForm): Ruleset {
  const versions = versionsOf(plan.addresses);
  const rules = [...versions.flatMap((version) => rulesOf(version, plan, form)), ...canaries()];
  const sets = versions.flatMap((version) => [armedSet(version), liveSet(version, plan)]);
  const print = fingerprint([...sets, ...rules.map(({ chain, text }) => `${chain} ${text}`)].join('\n'));
  const inOrder = CHAINS.flatMap((name) => rules.filter(({ chain }) => chain === name));
  const comments = inOrder.map(({ about }, index) => `${print} ${index + 1}/${inOrder.length}: ${about}`);
  const chains = CHAINS.map((name) => {
    const head = `type filter hook ${name} priority ${PRIORITY}; policy accept;`;
    const lines = inOrder.map(({ chain, text }, index) =>
      chain === name ? `${text} comment "${comments[index]}"` : '',
    );
    return block(`chain ${name}`, [head, ...lines.filter((line) => line !== '')]);
  });
  return {
    script: `${block(`table ${FULL_NAME}`, [...sets, ...chains])}\n`,
    comments,
    setNames: versions.flatMap(({ number }) => SET_KINDS.map((kind) => setName(kind, number))),
  };
}

/** Replaces whatever stands in our table, or nothing. */
export const installScript = (ruleset: Ruleset, armed: readonly string[]): string =>
  `${removeScript()}${ruleset.script}${elements('add', 'armed', armed)}${elements('add', 'live', armed)}`;

/** `delete` alone fails where there is no table, and `destroy` needs nft 1.0.7 and Linux 6.3. */
export const removeScript = (): string => `add table ${FULL_NAME}\ndelete table ${FULL_NAME}\n`;

/** An element that stands keeps its old time when it is added: it is taken away first, for which it has to be there. */
export const armScript = (addresses: readonly string[]): string =>
  elements('add', 'armed', addresses) +
  elements('add', 'live', addresses) +
  elements('delete', 'live', addresses) +
  elements('add', 'live', addresses);

/** As `disarmScript` of all addresses. nft need not learn every chain of the host for it: with those of 10,000 services, a third of the time. */
export const disarmAllScript = ({ setNames }: Ruleset): string =>
  setNames.map((name) => `flush set ${FULL_NAME} ${name}\n`).join('');

export const disarmScript = (addresses: readonly string[]): string =>
  SET_KINDS.map((kind) => elements('add', kind, addresses) + elements('delete', kind, addresses)).join('');

/** A table with nothing but this rule, for `nft -c`. */
export const trialScript = (hook: ChainName, rule: string): string =>
  `${block(`table ${FAMILY} ${TABLE}-trial`, [
    block('chain trial', [`type filter hook ${hook} priority ${PRIORITY}; policy accept;`, rule]),
  ])}\n`;

export const setName = (kind: SetKind, version: 4 | 6): string => `${kind}${version}`;

function rulesOf(version: Version, plan: InterceptionPlan, form: NftForm): Rule[] {
  return [...forwardedQueries(version, plan, form), ...ownTraffic(version, plan, form)];
}

/** From pods: besides the lease there must be a socket of ours, bound to the very address. */
function forwardedQueries({ number, header }: Version, { dnsPort }: InterceptionPlan, form: NftForm): Rule[] {
  const chain = 'prerouting';
  const leased = (protocol: string): string =>
    `${protocol} dport ${dnsPort} ${leasedDestination(header, number, form)}`;
  // Most UDP sockets found are listeners. `transparent` is a question that every socket answers, and ours with no.
  const udpSocket = form.socketWildcard ? 'socket wildcard 0 ' : anySocket(form);
  const rules: Rule[] = [
    { chain, text: `${leased('udp')} ${udpSocket}notrack`, about: 'queries of pods, while the lease holds' },
  ];
  // `wildcard 0` is for TCP no test that we may ask: sockets of connections that are being made or have been closed do not answer it.
  if (form.socketWildcard) {
    rules.push({ chain, text: `${leased('tcp')} socket wildcard 1 return`, about: 'no listener of ours' });
  }
  rules.push({
    chain,
    text: `${leased('tcp')} ${anySocket(form)}notrack`,
    about: 'queries of pods, while the lease holds',
  });
  return rules;
}

const anySocket = (form: NftForm): string => (form.socket ? 'socket transparent 0 ' : '');

function leasedDestination(header: string, number: 4 | 6, form: NftForm): string {
  const sets = SET_KINDS.map((kind) => `${header} daddr @${setName(kind, number)}`).join(' ');
  return form.fib ? `${sets} fib daddr type local` : sets;
}

/** From processes of this host: our answers, the guard's probes, others' queries. */
function ownTraffic(version: Version, plan: InterceptionPlan, form: NftForm): Rule[] {
  const { number, header } = version;
  const { dnsPort, healthPort } = plan;
  const chain = 'output';
  const own = `{ ${addressesOf(plan.addresses, number).join(', ')} }`;
  const each = (about: string, text: (protocol: string) => string): Rule[] =>
    CONNECTION_PROTOCOLS.map((protocol) => ({ chain, about, text: `${text(protocol)} notrack` }));
  const rules = [
    ...renewals(version, plan, form),
    ...each('answers', (protocol) => `${protocol} sport ${dnsPort} ${header} saddr ${own}`),
    ...each(
      "the guard's probes",
      (protocol) =>
        `${protocol} sport ${FIRST_PROBE_PORT}-${FIRST_PROBE_PORT + PROBE_PORTS - 1} ${protocol} dport ${dnsPort} ${header} daddr ${own}`,
    ),
    ...each(
      'queries of the host, while the lease holds',
      (protocol) => `${protocol} dport ${dnsPort} ${leasedDestination(header, number, form)}`,
    ),
  ];
  if (healthPort === undefined) return rules;
  return [
    ...rules,
    { chain, about: 'liveness probes', text: `tcp dport ${healthPort} ${header} daddr ${own} notrack` },
    { chain, about: 'answers to them', text: `tcp sport ${healthPort} ${header} saddr ${own} notrack` },
  ];
}

/**
 * Which answers keep the lease: QR set and rcode NOERROR or NXDOMAIN, in the second word of the DNS header (RFC 1035 section 4.1.1), behind
 * the 64 bits of the UDP header. Over UDP only: both protocols are one process's, and the guard watches TCP by its own probes; an answer over TCP must
 * not vouch for a dead UDP path. The sender must be bound to the address, so that nobody who listens on all addresses keeps our lease.
 */
function renewals({ number, header }: Version, { dnsPort }: InterceptionPlan, form: NftForm): Rule[] {
  const socket = form.socketOfReply ? 'socket wildcard 0 ' : '';
  return [
    { rcode: 0, name: 'NOERROR' },
    { rcode: 3, name: 'NXDOMAIN' },
  ].map(({ rcode, name }) => ({
    chain: 'output',
    about: `${name} renews the lease`,
    text:
      `udp sport ${dnsPort} ${header} saddr @${setName('armed', number)} @th,80,1 1 @th,92,4 ${rcode} ` +
      `${socket}update @${setName('live', number)} { ${header} saddr }`,
  }));
}

const canaries = (): Rule[] =>
  VERSIONS.map(({ number, header }) => ({
    chain: 'output',
    about: 'shows that the rules stand',
    text: `udp dport ${CANARY_PORT} ${header} daddr ${CANARY_ADDRESSES[number]} drop`,
  }));

const armedSet = ({ number, type }: Version): string =>
  block(`set ${setName('armed', number)}`, [`type ${type}`]);

function liveSet({ number, type }: Version, { addresses, leaseMs }: InterceptionPlan): string {
  return block(`set ${setName('live', number)}`, [
    `type ${type}`,
    'flags dynamic, timeout',
    `timeout ${leaseMs}ms`,
    `size ${Math.max(LEAST_SET_SIZE, addresses.length)}`,
  ]);
}

function elements(what: 'add' | 'delete', kind: SetKind, addresses: readonly string[]): string {
  return versionsOf(addresses)
    .map(
      ({ number }) =>
        `${what} element ${FULL_NAME} ${setName(kind, number)} { ${addressesOf(addresses, number).join(', ')} }\n`,
    )
    .join('');
}

const addressesOf = (addresses: readonly string[], number: 4 | 6): string[] =>
  addresses.filter((address) => isIPv6(address) === (number === 6));

const versionsOf = (addresses: readonly string[]): Version[] =>
  VERSIONS.filter(({ number }) => addressesOf(addresses, number).length > 0);

const block = (head: string, lines: readonly string[]): string => `${head} {\n${lines.join('\n')}\n}`;
