/** `dns64`: reads the directive. */
import { goQuote } from '../../base/go-quote.ts';
import { ipNetworkFromText, ipNetworkToText } from '../../base/ip-network.ts';
import type { IpNetwork } from '../../base/ip-network.ts';
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { nextArgument, optionalArgument, unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { Dns64Handler } from './dns64.ts';
import { WELL_KNOWN_PREFIX } from './prefix.ts';

/** Bits; whole octets only (RFC 6052 section 2.2). */
const MIN_PREFIX_LENGTH = 32;
const MAX_PREFIX_LENGTH = 96;
const IPV6_OCTETS = 16;

export const dns64: Plugin = {
  name: 'dns64',
  setup(cursor, context): MakeHandler {
    const options = { prefix: WELL_KNOWN_PREFIX, translateAll: false, allowIpv4: false };
    while (cursor.next()) {
      const prefix = optionalArgument(cursor);
      if (prefix !== undefined) options.prefix = readPrefix(prefix, cursor);
      while (cursor.nextBlock()) readOption(cursor, options);
    }
    return (next) => new Dns64Handler(next, options, context);
  },
};

function readOption(
  cursor: Cursor,
  options: { prefix: IpNetwork; translateAll: boolean; allowIpv4: boolean },
): void {
  switch (cursor.value) {
    case 'prefix':
      options.prefix = readPrefix(nextArgument(cursor), cursor);
      return;
    case 'translate_all':
      options.translateAll = true;
      return;
    case 'allow_ipv4':
      options.allowIpv4 = true;
      return;
    default:
      throw unknownProperty(cursor);
  }
}

function readPrefix(text: string, cursor: Cursor): IpNetwork {
  const prefix = ipNetworkFromText(text);
  const bits = prefix.octets.length * 8;
  const quoted = goQuote(ipNetworkToText(prefix));
  if (prefix.octets.length !== IPV6_OCTETS)
    throw cursor.error(`invalid netmask ${bits} IPv6 address: ${quoted}`);
  const { prefixLength } = prefix;
  if (prefixLength % 8 !== 0 || prefixLength < MIN_PREFIX_LENGTH || prefixLength > MAX_PREFIX_LENGTH) {
    throw cursor.error(`invalid prefix length ${quoted}`);
  }
  return prefix;
}
