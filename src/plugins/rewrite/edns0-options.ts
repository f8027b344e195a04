/** The EDNS options of a query under change (RFC 6891 section 6.1.2), and which of them are the operator's. */
import type { Query } from '../../chain/query.ts';
import { DEFAULT_UDP_PAYLOAD, OPT_OCTETS, isOpt, writeOpt } from '../../wire/edns.ts';
import { HEADER_OCTETS, readUint16, writeUint16 } from '../../wire/header.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';

const OPTION_HEADER_OCTETS = 4;
const MAX_OPTIONS_OCTETS = 0xffff;

interface Option {
  readonly code: number;
  readonly data: Uint8Array;
  /** Whether a rule put it there. */
  readonly isOurs: boolean;
}

export class Edns0Options {
  private options: Option[] = [];

  /** Those that the client sent, copied. */
  static of(query: Query): Edns0Options {
    const options = new Edns0Options();
    if (!query.hasOpt) return options;
    const walk = new RecordWalk();
    walk.startAt(query.message, query.length, HEADER_OCTETS + query.questionLength);
    while (walk.next() === RECORD) if (isOpt(walk)) options.read(walk);
    return options;
  }

  has(code: number): boolean {
    return this.options.some((option) => option.code === code);
  }

  /** Adds an option behind the others; what does not fit into an OPT is left out. */
  add(code: number, data: Uint8Array): void {
    if (this.dataOctets + OPTION_HEADER_OCTETS + data.length > MAX_OPTIONS_OCTETS) return;
    this.options.push({ code, data, isOurs: true });
  }

  /** Takes every option of this code away. */
  remove(code: number): void {
    this.options = this.options.filter((option) => option.code !== code);
  }

  /** Octets that `writeOptRecord` takes. */
  get optOctets(): number {
    return OPT_OCTETS + this.dataOctets;
  }

  /** Writes the OPT that the query has from now on. */
  writeOptRecord(out: Uint8Array, offset: number, query: Query): void {
    const udpSize = query.hasOpt ? query.udpSize : DEFAULT_UDP_PAYLOAD;
    const end = writeOpt(out, offset, udpSize, 0, query.dnssecOk, undefined);
    writeUint16(out, end - 2, this.dataOctets);
    writeOptions(out, end, this.options);
  }

  /** The options that rules put there, as they stand in an OPT. */
  ours(): Uint8Array {
    const options = this.options.filter(({ isOurs }) => isOurs);
    const out = new Uint8Array(octetsOf(options));
    writeOptions(out, 0, options);
    return out;
  }

  private get dataOctets(): number {
    return octetsOf(this.options);
  }

  /** Of an OPT whose options fill it, as those of every query do that gets here. */
  private read(walk: RecordWalk): void {
    const end = walk.rdataOffset + walk.rdataLength;
    for (let at = walk.rdataOffset; at < end;) {
      const dataAt = at + OPTION_HEADER_OCTETS;
      const next = dataAt + readUint16(walk.message, at + 2);
      const code = readUint16(walk.message, at);
      this.options.push({ code, data: new Uint8Array(walk.message.subarray(dataAt, next)), isOurs: false });
      at = next;
    }
  }
}

const octetsOf = (options: readonly Option[]): number =>
  options.reduce((octets, { data }) => octets + OPTION_HEADER_OCTETS + data.length, 0);

function writeOptions(out: Uint8Array, offset: number, options: readonly Option[]): void {
  for (const { code, data } of options) {
    writeUint16(out, offset, code);
    writeUint16(out, offset + 2, data.length);
    out.set(data, offset + OPTION_HEADER_OCTETS);
    offset += OPTION_HEADER_OCTETS + data.length;
  }
}
