/**
 * From the text of a hosts file to tables of addresses by name and names by address. Lines are `ADDRESS NAME...`, with comments behind `#`
 * (hosts(5)); a line that is something else is passed over, as everything that reads such files does. Names outside the zones are left
 * out. Reading the file from disk, and making records of what is found, happens elsewhere.
 */
import type { Zone } from '../../chain/identity.ts';
import { matchZone } from '../../chain/zones.ts';
import { parseIpAddress } from './ip-address.ts';
import type { IpAddress } from './ip-address.ts';
import { isWildcard, nameKey, wildcardFor } from './name-key.ts';

/** A longer line is not a hosts file's; this bounds what is held of one that never ends. */
export const MAX_LINE_CHARACTERS = 65_536;

export class HostsTable {
  private readonly hosts = new Map<string, IpAddress[]>();
  private readonly names = new Map<string, string[]>();
  private hasWildcards = false;
  /** Addresses of all names plus names of all addresses: what the metric counts. */
  entries = 0;

  /**
   * Addresses of a name, in the order of the file, both families. A name that is listed itself is not what a wildcard stands for
   * (RFC 4592 section 2.2).
   */
  addressesOf(key: string): readonly IpAddress[] | undefined {
    const exact = this.hosts.get(key);
    if (exact !== undefined || !this.hasWildcards) return exact;
    return this.hosts.get(wildcardFor(key));
  }

  /** Keys of the names of an address, found by its reverse name, in the order of the file. */
  namesOf(reverseKey: string): readonly string[] | undefined {
    return this.names.get(reverseKey);
  }

  add(key: string, address: IpAddress): void {
    this.entries++;
    append(this.hosts, key, address);
    if (isWildcard(key)) this.hasWildcards = true;
  }

  addReverse(address: IpAddress, key: string): void {
    this.entries++;
    append(this.names, address.reverseKey, key);
  }
}

export interface HostsFileOptions {
  readonly zones: readonly Zone[];
  /** Whether addresses get names. */
  readonly reverse: boolean;
}

/** Fills a table from text that comes in pieces, cut anywhere, so that a long file need not be read in one go. */
export class HostsReader {
  readonly table = new HostsTable();
  private readonly options: HostsFileOptions;
  private rest = '';
  private lineNumber = 0;
  private lastText = '';
  private lastAddress: IpAddress | undefined;

  constructor(options: HostsFileOptions) {
    this.options = options;
  }

  /** @throws RangeError when a line is too long. */
  add(piece: string): void {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.readLine(line);
    this.checkLength(this.rest, this.lineNumber + 1);
  }

  /** Ends the last line, and with it what was added: more text would be another file's. */
  end(): void {
    this.readLine(this.rest);
    this.rest = '';
    this.lineNumber = 0;
  }

  private readLine(line: string): void {
    this.checkLength(line, ++this.lineNumber);
    const [addressText, ...names] = line.replace(/#.*/s, '').trim().split(/\s+/);
    if (names.length === 0) return;
    const address = this.addressOf(addressText);
    if (address === undefined) return;
    for (const name of names) this.addName(name, address);
  }

  /** Lists of blocked names repeat one address a million times: it is read once and shared. */
  private addressOf(text: string): IpAddress | undefined {
    if (text !== this.lastText) {
      this.lastText = text;
      this.lastAddress = parseIpAddress(text);
    }
    return this.lastAddress;
  }

  private addName(name: string, address: IpAddress): void {
    const key = nameKey(name);
    if (key === undefined || !this.isServed(key)) return;
    this.table.add(key, address);
    // A wildcard is no host, so no address leads back to it.
    if (this.options.reverse && !isWildcard(key)) this.table.addReverse(address, key);
  }

  private isServed(key: string): boolean {
    return matchZone(this.options.zones, Buffer.from(key, 'latin1'), key.length) !== undefined;
  }

  private checkLength(line: string, lineNumber: number): void {
    if (line.length <= MAX_LINE_CHARACTERS) return;
    throw new RangeError(`line ${lineNumber} is longer than ${MAX_LINE_CHARACTERS} characters`);
  }
}

function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
