/** What `{…}` in an `edns0 local` rule stands for: something about the query, in CoreDNS's encoding. */
import { goQuote } from '../../base/go-quote.ts';
import { clientOctets } from '../../chain/client-octets.ts';
import type { Query } from '../../chain/query.ts';
import { nameToText } from '../../wire/name.ts';

type Variable = (query: Query) => Uint8Array | undefined;

const VARIABLES: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ['{qname}', (query) => Buffer.from(nameToText(query.nameAsAsked), 'latin1')],
  ['{qtype}', (query) => uint16(query.type)],
  ['{client_ip}', (query) => address(query.clientAddress)],
  ['{client_port}', (query) => uint16(query.clientPort)],
  ['{protocol}', (query) => Buffer.from(query.transport, 'latin1')],
  ['{server_ip}', (query) => address(query.localAddress)],
  ['{server_port}', (query) => uint16(query.localPort)],
]);

/**
 * @param text with its braces
 * @throws RangeError for one that does not exist
 */
export function queryVariable(text: string): Variable {
  const variable = VARIABLES.get(text);
  if (variable !== undefined) return variable;
  // A label of metadata: no plugin publishes any (see `metadata`), and one that is not there makes a rule not apply.
  if (text.includes('/')) return () => undefined;
  throw new RangeError(`unsupported variable name ${goQuote(text)}`);
}

const uint16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff);

/** Undefined for the wildcard, which is no address. */
function address(text: string): Uint8Array | undefined {
  const octets = clientOctets({ clientAddress: text });
  return octets.length === 0 ? undefined : octets;
}
