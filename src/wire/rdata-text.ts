/**
 * RDATA from text to octets (RFC 1035 section 5.1): field by field, by the layout letters of the registry. Where the text of a type is
 * not what its octets look like, a row here says how it is written. A type without fields has the generic form of RFC 3597 section 5
 * (`\# LENGTH HEX`), which every other type may have too.
 */
import { ipv4FromText, ipv6FromText } from '../base/ip-address.ts';
import { writeUint16, writeUint32 } from './header.ts';
import { MALFORMED, nameFromText, skipPlainName } from './name.ts';
import { nameScratch, skipField } from './records.ts';
import { recordType, typeName } from './registry.ts';
import { svcParamsFromWords } from './svc-params.ts';
import { ttlFromText } from './ttl-text.ts';
import { shown, wordOctets } from './zone-words.ts';
import type { Word } from './zone-words.ts';

const MAX_RDATA_OCTETS = 65_535;
const MAX_STRING_OCTETS = 255;

/**
 * Layouts of text, where they differ from those of the wire. Besides the letters of the registry: `t` seconds, perhaps with units;
 * `x` hexadecimal, `B` base64, both to the end and in any number of words; `v` one text without a length in front; `P` SvcParams.
 */
const TEXT_LAYOUTS: ReadonlyMap<string, string> = new Map([
  ['SOA', 'nnwtttt'],
  ['ISDN', 'S'],
  ['KEY', 'hbbB'],
  ['CERT', 'hhbB'],
  ['DS', 'hbbx'],
  ['SSHFP', 'bbx'],
  ['DNSKEY', 'hbbB'],
  ['DHCID', 'B'],
  ['TLSA', 'bbbx'],
  ['SMIMEA', 'bbbx'],
  ['CDS', 'hbbx'],
  ['CDNSKEY', 'hbbB'],
  ['OPENPGPKEY', 'B'],
  ['ZONEMD', 'wbbx'],
  ['SVCB', 'hnP'],
  ['HTTPS', 'hnP'],
  ['URI', 'hhv'],
  ['CAA', 'bsv'],
]);

const READERS: Readonly<Record<string, (words: Words) => Uint8Array>> = {
  '4': (words) => words.read('an IPv4 address', ipv4FromText),
  '6': (words) => words.read('an IPv6 address', ipv6FromText),
  n: (words) => words.read('a domain name', (text) => nameFromText(text === '@' ? '.' : text)),
  b: (words) => words.read('a number from 0 to 255', (text) => integer(text, 1)),
  h: (words) => words.read('a number from 0 to 65535', (text) => integer(text, 2)),
  w: (words) => words.read('a number from 0 to 4294967295', (text) => integer(text, 4)),
  t: (words) => words.read('seconds', (text) => seconds(text)),
  s: (words) => words.read('a text of at most 255 octets', (text) => characterString(wordOctets(text))),
  S: (words) => Buffer.concat([longText(words), ...words.readAll(longText)]),
  v: (words) => words.read('a text', wordOctets),
  x: (words) => words.join('hexadecimal digits', hexOctets),
  B: (words) => words.join('base64', base64),
  P: (words) => svcParamsFromWords(words.rest()),
};

/**
 * @returns the RDATA without compression, in octets of its own.
 * @throws RangeError that says what was expected and found
 */
export function rdataFromWords(type: number, words: readonly Word[]): Uint8Array {
  const row = recordType(type);
  const layout = (row && TEXT_LAYOUTS.get(row.name)) ?? row?.layout ?? '*';
  const reader = new Words(words);
  let rdata: Uint8Array;
  if (reader.atGenericMark) {
    rdata = genericRdata(reader);
    if (!rdataFits(type, rdata))
      throw new RangeError(`expected octets in the layout of ${typeName(type)}, found others`);
  } else {
    if (layout.includes('*')) throw new RangeError(`expected \\# LENGTH HEX, found ${reader.found}`);
    rdata = Buffer.concat(Array.from(layout, (letter) => READERS[letter](reader)));
  }
  reader.expectEnd();
  if (rdata.length > MAX_RDATA_OCTETS) {
    throw new RangeError(`expected at most ${MAX_RDATA_OCTETS} octets of RDATA, found ${rdata.length}`);
  }
  return Uint8Array.from(rdata);
}

/** The words of the RDATA, read from the front. */
class Words {
  private readonly words: readonly Word[];
  private at = 0;

  constructor(words: readonly Word[]) {
    this.words = words;
  }

  /** The next word as an error shows it. */
  get found(): string {
    return this.at < this.words.length ? shown(this.words[this.at].text) : 'the end';
  }

  get atGenericMark(): boolean {
    return this.words[0]?.text === '\\#' && !this.words[0].quoted;
  }

  /** Reads one word. `convert` throws a RangeError or gives undefined for a word that is not what is expected. */
  read<Value>(expected: string, convert: (text: string) => Value | undefined): Value {
    const { found } = this;
    const word = this.words[this.at++];
    let cause: unknown;
    try {
      const value = word && convert(word.text);
      if (value !== undefined) return value;
    } catch (error) {
      cause = error;
    }
    throw new RangeError(`expected ${expected}, found ${found}`, { cause });
  }

  readAll<Value>(readOne: (words: Words) => Value): Value[] {
    const values: Value[] = [];
    while (this.at < this.words.length) values.push(readOne(this));
    return values;
  }

  /** Reads all that is left as one word. */
  join<Value>(expected: string, convert: (text: string) => Value | undefined): Value {
    const text = this.rest()
      .map((word) => word.text)
      .join('');
    return new Words(text === '' ? [] : [{ text, quoted: false }]).read(expected, convert);
  }

  rest(): readonly Word[] {
    const rest = this.words.slice(this.at);
    this.at = this.words.length;
    return rest;
  }

  expectEnd(): void {
    if (this.at < this.words.length)
      throw new RangeError(`expected the end of the record, found ${this.found}`);
  }
}

function genericRdata(words: Words): Uint8Array {
  words.read('\\#', String);
  const length = words.read('a length from 0 to 65535', (text) =>
    integer(text, 2) ? Number(text) : undefined,
  );
  const text = words
    .rest()
    .map((word) => word.text)
    .join('');
  const octets = hexOctets(text);
  if (octets?.length !== length) {
    throw new RangeError(`expected ${length} octets in hexadecimal digits, found ${shown(text)}`);
  }
  return octets;
}

/** Whether the octets have the layout of the type, their names uncompressed. */
function rdataFits(type: number, rdata: Uint8Array): boolean {
  let offset = 0;
  for (const letter of recordType(type)?.layout ?? '*') {
    offset =
      letter === 'n'
        ? skipPlainName(rdata, offset, rdata.length)
        : skipField(letter, rdata, offset, rdata.length, nameScratch());
    if (offset === MALFORMED) return false;
  }
  return offset === rdata.length;
}

function integer(text: string, octets: 1 | 2 | 4): Uint8Array | undefined {
  if (!/^\d{1,10}$/.test(text) || Number(text) >= 2 ** (8 * octets)) return undefined;
  const out = new Uint8Array(octets);
  if (octets === 4) writeUint32(out, 0, Number(text));
  else if (octets === 2) writeUint16(out, 0, Number(text));
  else out[0] = Number(text);
  return out;
}

function seconds(text: string): Uint8Array | undefined {
  const value = ttlFromText(text);
  return value === undefined ? undefined : integer(String(value), 4);
}

function characterString(octets: Uint8Array): Uint8Array | undefined {
  return octets.length > MAX_STRING_OCTETS
    ? undefined
    : Buffer.concat([Uint8Array.of(octets.length), octets]);
}

/** A text of any length, as character-strings of at most 255 octets, which readers of TXT put together again. */
function longText(words: Words): Uint8Array {
  const octets = words.read('a text', wordOctets);
  const strings = [characterString(octets.subarray(0, MAX_STRING_OCTETS)) ?? octets];
  for (let at = MAX_STRING_OCTETS; at < octets.length; at += MAX_STRING_OCTETS) {
    strings.push(characterString(octets.subarray(at, at + MAX_STRING_OCTETS)) ?? octets);
  }
  return Buffer.concat(strings);
}

const hexOctets = (text: string): Uint8Array | undefined =>
  /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined;

function base64(text: string): Uint8Array | undefined {
  const padded = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return padded ? Buffer.from(text, 'base64') : undefined;
}
