/** `acl`: reads the directive. */
import { goQuote } from '../../base/go-quote.ts';
import { ipNetworkFromText } from '../../base/ip-network.ts';
import type { IpNetwork } from '../../base/ip-network.ts';
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { zonesFromArgs } from '../../chain/zones.ts';
import { told } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { typeCode } from '../../wire/registry.ts';
import { AclHandler } from './acl.ts';
import type { AclRule } from './acl.ts';
import { AclMetrics } from './metrics.ts';
import type { Action, Policy } from './policy.ts';

const ACTIONS: readonly Action[] = ['allow', 'block', 'filter', 'drop'];
/** In a section: everything. */
const ALL = '*';

export const acl: Plugin = {
  name: 'acl',
  setup(cursor, context): MakeHandler {
    const rules: AclRule[] = [];
    while (cursor.next()) rules.push(readRule(cursor, context));
    const metrics = new AclMetrics(context.metrics);
    return (next) => new AclHandler(next, rules, metrics);
  },
};

function readRule(cursor: Cursor, context: SetupContext): AclRule {
  const zones = zonesFromArgs(cursor.remainingArgs(), context);
  const policies: Policy[] = [];
  while (cursor.nextBlock()) policies.push(readPolicy(cursor));
  return { zones, policies };
}

/** `ACTION [type QTYPE...] [net SOURCE...]`, the sections in any order. */
function readPolicy(cursor: Cursor): Policy {
  const word = cursor.value;
  const action = ACTIONS.find((name) => name === word.toLowerCase());
  if (action === undefined) {
    throw cursor.error(`unexpected token ${goQuote(word)}; expect 'allow', 'block', 'filter' or 'drop'`);
  }
  const types: string[] = [];
  const networks: string[] = [];
  let section: string[] | undefined;
  let name = '';
  let inSection = 0;
  const endSection = (): void => {
    if (section !== undefined && inSection === 0) {
      throw cursor.error(`no token specified in ${goQuote(name)} section`);
    }
  };
  for (const token of cursor.remainingArgs()) {
    const lower = token.toLowerCase();
    if (lower === 'type' || lower === 'net') {
      endSection();
      section = lower === 'type' ? types : networks;
      name = lower;
      inSection = 0;
    } else if (section === undefined) {
      throw cursor.error(`unexpected token ${goQuote(token)}; expect 'type | net'`);
    } else {
      section.push(token);
      inSection++;
    }
  }
  endSection();
  return { action, types: readTypes(cursor, types), networks: readNetworks(cursor, networks) };
}

function readTypes(cursor: Cursor, tokens: readonly string[]): ReadonlySet<number> | undefined {
  if (tokens.length === 0) return undefined;
  const types = new Set<number>();
  for (const token of tokens) {
    if (token === ALL) return undefined;
    const type = typeCode(token);
    if (type === undefined) throw cursor.error(`unexpected token ${goQuote(token)}; expect legal QTYPE`);
    types.add(type);
  }
  return types;
}

function readNetworks(cursor: Cursor, tokens: readonly string[]): readonly IpNetwork[] | undefined {
  if (tokens.length === 0) return undefined;
  const networks: IpNetwork[] = [];
  for (const token of tokens) {
    if (token === ALL) return undefined;
    networks.push(readNetwork(cursor, token));
  }
  return networks;
}

/** A network, or one address. */
function readNetwork(cursor: Cursor, token: string): IpNetwork {
  const text = token.includes('/') ? token : `${token}/${token.includes(':') ? 128 : 32}`;
  return told(
    cursor,
    () => ipNetworkFromText(text),
    () => `illegal CIDR notation ${goQuote(text)}`,
  );
}
