/** The two flavours of iptables, for tests: one hidden from the code, and what stands in it as text. */
import { HostError } from '../../../src/host/host-error.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import type { Namespace } from '../support/namespace.ts';

export const FLAVOURS = ['nft', 'legacy'] as const;
export type FlavourName = (typeof FLAVOURS)[number];

/** A host that has the programs of this flavour alone. */
export function onlyFlavour(flavour: FlavourName, run: RunTool): RunTool {
  const hidden = flavour === 'nft' ? 'iptables-legacy' : 'iptables-nft';
  return (about, call) => {
    if (call.command !== hidden) return run(about, call);
    return Promise.reject(new HostError(about, 'tool', `${hidden} is hidden`));
  };
}

const TABLES = ['raw', 'filter', 'nat', 'mangle'] as const;

/** All tables of both families, without counters and times. */
export function saved(node: Namespace, flavour: FlavourName): string {
  const texts = ['iptables', 'ip6tables'].flatMap((tool) =>
    TABLES.map((table) => node.run(`${tool}-${flavour}-save`, '-t', table)),
  );
  return texts
    .join('')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
    .join('\n');
}

/** node-cache's rules for one address, as it puts them: twelve, each first in its chain, so many times. */
export function nodeCacheRules(address: string, comments: boolean, times = 1): string {
  const table = (name: string, comment: string, rules: readonly string[]): string[] => {
    const tail = comments ? ` -m comment --comment "NodeLocal DNS Cache: ${comment}"` : '';
    const lines = rules.map((rule) => `-I ${rule}${tail}`);
    return [`*${name}`, ...Array.from({ length: times }, () => lines).flat(), 'COMMIT'];
  };
  const skip = table('raw', 'skip conntrack', [
    ...eachProtocol((protocol) => `PREROUTING -p ${protocol} -d ${address} --dport 53 -j NOTRACK`),
    ...eachProtocol((protocol) => `OUTPUT -p ${protocol} -s ${address} --sport 53 -j NOTRACK`),
    ...eachProtocol((protocol) => `OUTPUT -p ${protocol} -d ${address} --dport 53 -j NOTRACK`),
    `OUTPUT -p tcp -d ${address} --dport 8080 -j NOTRACK`,
    `OUTPUT -p tcp -s ${address} --sport 8080 -j NOTRACK`,
  ]);
  const allow = table('filter', 'allow DNS traffic', [
    ...eachProtocol((protocol) => `INPUT -p ${protocol} -d ${address} --dport 53 -j ACCEPT`),
    ...eachProtocol((protocol) => `OUTPUT -p ${protocol} -s ${address} --sport 53 -j ACCEPT`),
  ]);
  return [...skip, ...allow, ''].join('\n');
}

const eachProtocol = (line: (protocol: string) => string): string[] => ['tcp', 'udp'].map(line);

export const PROGRAMS = { ipv4: 'iptables', ipv6: 'ip6tables' } as const;
