/**
 * `edns0`: options of the query are set, added, replaced or taken away (RFC 6891 section 6.1.2): local ones with data or something about
 * the query, NSID (RFC 5001), and client subnet (RFC 7871).
 */
import { goQuote } from '../../base/go-quote.ts';
import { clientOctets } from '../../chain/client-octets.ts';
import type { Query } from '../../chain/query.ts';
import { writeUint16 } from '../../wire/header.ts';
import { queryVariable } from './edns0-variables.ts';
import type { Draft, Rule } from './rule.ts';

const OPTION_NSID = 3;
const OPTION_CLIENT_SUBNET = 8;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;
const MAX_UINT16 = 0xffff;

type Action = 'append' | 'replace' | 'set' | 'unset';
const ACTIONS: ReadonlySet<string> = new Set<Action>(['append', 'replace', 'set', 'unset']);
const isAction = (word: string): word is Action => ACTIONS.has(word);

/** Data of the option for one query; undefined where there is nothing to tell, and the rule does not apply. */
type Data = (query: Query) => Uint8Array | undefined;

/**
 * @param args behind `edns0`
 * @throws RangeError in CoreDNS's words
 */
export function edns0Rule(args: readonly string[]): Rule {
  if (args.length < 2) throw new RangeError('too few arguments for an EDNS0 rule');
  const [type, action] = args.map((arg) => arg.toLowerCase());
  const rest = args.slice(2);
  if (!isAction(action)) throw new RangeError(`invalid action: ${goQuote(action)}`);
  switch (type) {
    case 'local':
      return localRule(action, rest);
    case 'nsid':
      return nsidRule(action, rest);
    case 'subnet':
      return subnetRule(action, rest);
    default:
      throw new RangeError(`invalid rule type ${goQuote(type)}`);
  }
}

function localRule(action: Action, args: readonly string[]): Rule {
  if (action === 'unset') {
    if (args.length !== 1) throw new RangeError('local unset action requires exactly two arguments');
    return removal(parseUint16(args[0]));
  }
  if (!isData(args, 2)) throw new RangeError('EDNS0 local rules require three or four args');
  const [code, data] = args;
  const isVariable = data.startsWith('{') && data.endsWith('}');
  return addition(action, parseUint16(code), isVariable ? queryVariable(data) : fixed(localData(data)));
}

function nsidRule(action: Action, args: readonly string[]): Rule {
  if (action === 'unset') {
    if (args.length > 0) throw new RangeError('nsid unset action requires exactly one argument');
    return removal(OPTION_NSID);
  }
  if (!isData(args, 0)) throw new RangeError('EDNS0 NSID rules can accept no more than one arg');
  // A query asks for it with an empty option (RFC 5001 section 2.1).
  return addition(action, OPTION_NSID, fixed(new Uint8Array(0)));
}

function subnetRule(action: Action, args: readonly string[]): Rule {
  if (action === 'unset') {
    if (args.length > 0) throw new RangeError('subnet unset action requires exactly one argument');
    return removal(OPTION_CLIENT_SUBNET);
  }
  if (!isData(args, 2)) throw new RangeError('EDNS0 subnet rules require three or four args');
  const [ipv4Bits, ipv6Bits] = args.slice(0, 2).map(parseUint16);
  if (ipv4Bits > 32) throw new RangeError(`invalid IPv4 bit mask length ${ipv4Bits}`);
  if (ipv6Bits > 128) throw new RangeError(`invalid IPv6 bit mask length ${ipv6Bits}`);
  return addition(action, OPTION_CLIENT_SUBNET, (query) => subnetOf(query, ipv4Bits, ipv6Bits));
}

/**
 * Whether there are `count` arguments, or one more that says `revert`: options of an answer go to no client here, so there is never one
 * to be reverted.
 */
const isData = (args: readonly string[], count: number): boolean =>
  args.length === count || (args.length === count + 1 && args[count].toLowerCase() === 'revert');

const fixed =
  (data: Uint8Array): Data =>
  () =>
    data;

/** `set` in any case, `replace` where the query has the option, `append` where it has not. */
function addition(action: Action, code: number, dataOf: Data): Rule {
  return {
    apply: (draft: Draft) => {
      const data = dataOf(draft.query);
      if (data === undefined) return false;
      const { options } = draft;
      const isThere = options.has(code);
      if (action === (isThere ? 'append' : 'replace')) return false;
      options.remove(code);
      options.add(code, data);
      return true;
    },
  };
}

function removal(code: number): Rule {
  return {
    apply: ({ options }) => {
      if (!options.has(code)) return false;
      options.remove(code);
      return true;
    },
  };
}

/** `0x…` in hexadecimal, everything else as it stands. */
function localData(text: string): Uint8Array {
  if (!text.startsWith('0x')) return Buffer.from(text, 'utf8');
  const hex = text.slice(2);
  const bad = /[^0-9a-f]/i.exec(hex)?.[0];
  if (bad !== undefined) {
    throw new RangeError(`encoding/hex: invalid byte: U+${codePoint(bad)} '${bad}'`);
  }
  if (hex.length % 2 === 1) throw new RangeError('encoding/hex: odd length hex string');
  return Buffer.from(hex, 'hex');
}

const codePoint = (character: string): string =>
  character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');

/** Decimal, or hexadecimal behind `0x`, up to 65,535. */
function parseUint16(text: string): number {
  const fail = (reason: string): RangeError =>
    new RangeError(`strconv.ParseUint: parsing ${goQuote(text)}: ${reason}`);
  if (!/^(?:0x[0-9a-f]+|[0-9]+)$/i.test(text)) throw fail('invalid syntax');
  const value = Number(text);
  if (value > MAX_UINT16) throw fail('value out of range');
  return value;
}

/** Family, prefix lengths, and as many octets of the address as the prefix has (RFC 7871 section 6). */
function subnetOf(query: Query, ipv4Bits: number, ipv6Bits: number): Uint8Array | undefined {
  const address = clientOctets(query);
  if (address.length === 0) return undefined;
  const isIpv4 = address.length === 4;
  const bits = isIpv4 ? ipv4Bits : ipv6Bits;
  const octets = Math.ceil(bits / 8);
  const data = new Uint8Array(4 + octets);
  writeUint16(data, 0, isIpv4 ? FAMILY_IPV4 : FAMILY_IPV6);
  data[2] = bits;
  data.set(address.subarray(0, octets), 4);
  if (bits % 8 !== 0) data[data.length - 1] &= 0xff << (8 - (bits % 8));
  return data;
}
