/**
 * The SvcParams of SVCB and HTTPS records from text to octets (RFC 9460 sections 2.1, 7 and appendix A). A parameter without a format
 * here is written as `keyNNN`, its value as octets.
 */
import { ipv4FromText, ipv6FromText } from '../base/ip-address.ts';
import { writeUint16 } from './header.ts';
import type { Word } from './zone-words.ts';
import { shown, wordOctets } from './zone-words.ts';

const KEY_NAMES = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
];
const KEYS: ReadonlyMap<string, number> = new Map(KEY_NAMES.map((name, code) => [name, code]));
const MANDATORY = 0;
const NO_DEFAULT_ALPN = 2;
const OHTTP = 8;

const WRITERS: Readonly<Record<number, (value: string, name: string) => Uint8Array>> = {
  [MANDATORY]: (value, name) => {
    const codes = value.split(',').map((key) => keyCode(key));
    if (new Set(codes).size < codes.length || codes.includes(MANDATORY))
      throw wrong(name, 'other keys, each once', value);
    return Buffer.concat(codes.toSorted((a, b) => a - b).map((code) => uint16(code)));
  },
  1: (value, name) => Buffer.concat(commaList(value).map((id) => alpnId(id, name, value))),
  3: (value, name) => {
    if (!/^\d{1,5}$/.test(value) || Number(value) > 0xffff)
      throw wrong(name, 'a port from 0 to 65535', value);
    return uint16(Number(value));
  },
  4: (value, name) => addresses(value, name, ipv4FromText, 'IPv4'),
  5: (value, name) => base64(value, name),
  6: (value, name) => addresses(value, name, ipv6FromText, 'IPv6'),
};

/**
 * The parameters in ascending order of their keys, as the wire wants them.
 * @throws RangeError that says what was expected and found
 */
export function svcParamsFromWords(words: readonly Word[]): Uint8Array {
  const params = new Map<number, Uint8Array>();
  for (const word of words) {
    const equals = word.text.indexOf('=');
    const name = equals === -1 ? word.text : word.text.slice(0, equals);
    const code = keyCode(name);
    if (params.has(code)) throw new RangeError(`expected each parameter once, found ${shown(name)} again`);
    params.set(code, paramValue(code, name, equals === -1 ? undefined : word.text.slice(equals + 1)));
  }
  checkMandatory(params);
  const ascending = [...params].toSorted(([a], [b]) => a - b);
  return Buffer.concat(ascending.flatMap(([code, value]) => [uint16(code), uint16(value.length), value]));
}

function paramValue(code: number, name: string, value: string | undefined): Uint8Array {
  // A known parameter may also be written by number; its value is then the octets of the wire (section 2.1).
  if (!KEYS.has(name)) return checkedLength(wordOctets(value ?? ''), name);
  if (code === NO_DEFAULT_ALPN || code === OHTTP) {
    if (value !== undefined) throw wrong(name, 'no value', value);
    return new Uint8Array(0);
  }
  if (value === undefined || value === '') throw new RangeError(`expected a value for "${name}", found none`);
  return checkedLength(WRITERS[code]?.(value, name) ?? wordOctets(value), name);
}

function checkedLength(octets: Uint8Array, name: string): Uint8Array {
  if (octets.length > 0xffff) throw new RangeError(`expected at most 65535 octets for "${name}"`);
  return octets;
}

function keyCode(name: string): number {
  const code = KEYS.get(name) ?? (/^key(?:0|[1-9]\d{0,4})$/.test(name) ? Number(name.slice(3)) : -1);
  // 65535 is reserved as invalid (RFC 9460 section 14.3.2).
  if (code < 0 || code >= 0xffff)
    throw new RangeError(`expected a parameter such as alpn=h2, found ${shown(name)}`);
  return code;
}

/** RFC 9460 section 8: what is mandatory has to be there. */
function checkMandatory(params: ReadonlyMap<number, Uint8Array>): void {
  const listed = params.get(MANDATORY) ?? new Uint8Array(0);
  for (let i = 0; i < listed.length; i += 2) {
    const code = listed[i] * 256 + listed[i + 1];
    if (!params.has(code)) {
      throw new RangeError(`expected "${KEY_NAMES[code] ?? `key${code}`}" since it is mandatory, found none`);
    }
  }
}

/** Items between commas; `\,` is a comma and `\\` a backslash, after the escapes of the word itself (appendix A.1). */
function commaList(value: string): string[] {
  const items = [''];
  const octets = Buffer.from(wordOctets(value)).toString('latin1');
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] === ',') items.push('');
    else items[items.length - 1] += octets[octets[i] === '\\' ? ++i : i] ?? '';
  }
  return items;
}

function alpnId(id: string, name: string, value: string): Uint8Array {
  if (id.length === 0 || id.length > 255) throw wrong(name, 'protocol ids of 1 to 255 octets', value);
  return Buffer.from(`${String.fromCharCode(id.length)}${id}`, 'latin1');
}

function addresses(
  value: string,
  name: string,
  fromText: (text: string) => Uint8Array | undefined,
  family: string,
): Uint8Array {
  const octets = value.split(',').map((text) => fromText(text));
  if (octets.some((address) => address === undefined)) throw wrong(name, `${family} addresses`, value);
  return Buffer.concat(octets.filter((address) => address !== undefined));
}

function base64(value: string, name: string): Uint8Array {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
    throw wrong(name, 'base64', value);
  return Buffer.from(value, 'base64');
}

function uint16(value: number): Uint8Array {
  const octets = new Uint8Array(2);
  writeUint16(octets, 0, value);
  return octets;
}

const wrong = (name: string, expected: string, found: string): RangeError =>
  new RangeError(`expected ${expected} for "${name}", found ${shown(found)}`);
