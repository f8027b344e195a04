/**
 * Packets that came to this host and were neither delivered nor passed on: those that a firewall drops are among them, whichever flavour it
 * has and whoever wrote it. The kernel counts all of that, so looking costs two small files and no process. Who dropped them it does not
 * say: the tables do.
 */
import type { NamespaceFiles } from './namespace-files.ts';

/** IPv4 counters (RFC 4293's names) in two lines, names and values; IPv6 counters one to a line. */
const IPV4_COUNTERS = '/proc/net/snmp';
const IPV6_COUNTERS = '/proc/net/snmp6';

export class Undelivered {
  readonly #files: NamespaceFiles;
  #last: number | undefined;

  constructor(files: NamespaceFiles) {
    this.#files = files;
  }

  /** Whether there have been any since it was asked before; false the first time. */
  async grew(): Promise<boolean> {
    const before = this.#last;
    this.#last = undeliveredIn(await this.#read(IPV4_COUNTERS), await this.#read(IPV6_COUNTERS));
    return before !== undefined && this.#last > before;
  }

  /** A hint that cannot be had is none. */
  async #read(path: string): Promise<string> {
    try {
      return (await this.#files.read(path)) ?? '';
    } catch {
      return '';
    }
  }
}

/** What came, without what was delivered, passed on, malformed, or a piece of a packet that was put together. */
export function undeliveredIn(ipv4: string, ipv6: string): number {
  const four = ipv4Counters(ipv4);
  const six = ipv6Counters(ipv6);
  return (
    remainder(four, ['ForwDatagrams', 'InHdrErrors', 'InAddrErrors', 'InDelivers']) +
    remainder(six, ['OutForwDatagrams', 'InHdrErrors', 'InAddrErrors', 'InDelivers'])
  );
}

type Counters = ReadonlyMap<string, number>;

function remainder(counters: Counters, accounted: readonly string[]): number {
  const of = (name: string): number => counters.get(name) ?? 0;
  const pieces = of('ReasmReqds') - of('ReasmOKs');
  return accounted.reduce((left, name) => left - of(name), of('InReceives') - pieces);
}

function ipv4Counters(text: string): Counters {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('Ip: '))
    .map((line) => line.split(' ').slice(1));
  return new Map(names.map((name, index) => [name, Number(values[index])]));
}

const ipv6Counters = (text: string): Counters =>
  new Map([...text.matchAll(/^Ip6(\S+)\s+([0-9]+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
