/**
 * The truth: what the zones of a chaos run say to every question, computed from the name alone. Upstreams answer from it and the judge
 * compares with it, so that no list of names has to be shared, and a flood of names that nobody thought of has a truth too. The names are
 * those of a cluster (services, headless ones, ports) and of the world outside (aliases of aliases, names that are asked once). Only
 * `clock` names change: their address says the second in which an upstream gave it, so that an answer tells how old it is.
 */
import { nameFromText } from '../../src/wire/name.ts';
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_SOA, TYPE_SRV, TYPE_TXT } from '../../src/wire/registry.ts';

export interface ZoneRecord {
  /** Lower case, with its final dot. */
  readonly owner: string;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: Uint8Array;
}

export interface Truth {
  readonly rcode: typeof NOERROR | typeof NXDOMAIN;
  readonly answers: readonly ZoneRecord[];
  /** Of a denial, for the authority section. */
  readonly soa: ZoneRecord | undefined;
  /** The address is that of the second asked for. */
  readonly clock: boolean;
}

export const NOERROR = 0;
export const NXDOMAIN = 3;

/** TTLs of records are 1 to this; shorter than what the daemon gives stale answers, so that these can be told apart. */
export const MOST_TTL_SECONDS = 20;
/** Of SOA records, and their MINIMUM. */
export const DENIAL_TTL_SECONDS = 4;
/** What a `clock` name has; long enough that a countdown is seen, short enough that it ends in the smallest run. */
export const CLOCK_TTL_SECONDS = 6;
export const HEADLESS_ADDRESSES = 20;
const BIG_STRINGS = 12;
const BIG_STRING_OCTETS = 250;
const MOST_SERVICES = 5_000;
const CLUSTER = 'cluster.local.';
const SERVICE = /^(svc|headless|big)-(\d+)\.(?:default|shop|kube-system)\.svc\.cluster\.local\.$/;
const PORT = /^_http\._tcp\.(svc-\d+\.(?:default|shop|kube-system)\.svc\.cluster\.local\.)$/;
const OUTSIDE = /^([a-z]+)[.-]([a-z0-9-]+)\.(example|cdn|net|tail|clock)\.test\.$/;

/**
 * @param name lower case, with its final dot
 * @param nowSeconds whole seconds, for `clock` names; any origin that upstreams and judge share
 */
export function truthOf(name: string, type: number, nowSeconds = 0): Truth {
  const chain: ZoneRecord[] = [];
  let owner = name;
  for (;;) {
    const target = type === TYPE_CNAME ? undefined : aliasOf(owner);
    if (target === undefined) break;
    chain.push(makeRecord(owner, TYPE_CNAME, nameFromText(target)));
    owner = target;
  }
  const records = recordsAt(owner, type, nowSeconds);
  if (records !== undefined && records.length > 0) {
    const clock = owner.endsWith('.clock.test.');
    return { rcode: NOERROR, answers: [...chain, ...records], soa: undefined, clock };
  }
  const rcode = records === undefined ? NXDOMAIN : NOERROR;
  return { rcode, answers: chain, soa: soaFor(owner), clock: false };
}

/** The second that the address of a `clock` name says. */
export const clockSecond = (rdata: Uint8Array): number => (rdata[1] << 16) | (rdata[2] << 8) | rdata[3];

/** As `truthOf` takes it; ends after 194 days. */
export const secondOf = (epochMs: number): number => Math.floor(epochMs / 1_000) & 0xff_ffff;

/** Where an alias leads: `www.x` to `edge-x` to `pop-x`, and `gone.x` to a name that is not there. */
function aliasOf(owner: string): string | undefined {
  const [, kind = '', rest = '', zone = ''] = OUTSIDE.exec(owner) ?? [];
  if (zone === 'example' && kind === 'www') return `edge-${rest}.cdn.test.`;
  if (zone === 'example' && kind === 'gone') return `nowhere-${rest}.cdn.test.`;
  if (zone === 'cdn' && kind === 'edge') return `pop-${rest}.net.test.`;
  return undefined;
}

/** Undefined for a name that is not there, empty for a type that it has not. */
function recordsAt(owner: string, type: number, nowSeconds: number): ZoneRecord[] | undefined {
  const service = SERVICE.exec(owner);
  if (service !== null) return serviceRecords(owner, service[1], Number(service[2]), type);
  const port = PORT.exec(owner);
  if (port !== null) return type === TYPE_SRV ? portRecords(owner, port[1]) : [];
  const [, kind = '', rest = '', zone = ''] = OUTSIDE.exec(owner) ?? [];
  switch (`${zone} ${kind}`) {
    case 'example www':
    case 'example gone':
    case 'cdn edge':
      // Asked for the alias itself.
      return type === TYPE_CNAME ? [makeRecord(owner, TYPE_CNAME, nameFromText(aliasOf(owner) ?? '.'))] : [];
    case 'example api':
      return addresses(owner, type, 1, true);
    case 'net pop':
      return addresses(owner, type, 2, false);
    case 'tail cold':
      // Half of what is asked once is not there.
      return hashOf(rest) % 2 === 0 ? addresses(owner, type, 1, true) : undefined;
    case 'clock t':
      return type === TYPE_A ? [clockRecord(owner, nowSeconds)] : [];
    default:
      return undefined;
  }
}

function serviceRecords(owner: string, kind: string, number: number, type: number): ZoneRecord[] | undefined {
  if (number >= MOST_SERVICES) return undefined;
  if (kind === 'headless') return addresses(owner, type, HEADLESS_ADDRESSES, false);
  if (kind === 'big') return type === TYPE_TXT ? [bigRecord(owner)] : [];
  return addresses(owner, type, 1, number % 3 === 0);
}

function addresses(owner: string, type: number, count: number, both: boolean): ZoneRecord[] {
  if (type !== TYPE_A && !(type === TYPE_AAAA && both)) return [];
  return Array.from({ length: count }, (_, index) => {
    const hash = hashOf(`${index} ${owner}`);
    const low = [hash >>> 16, hash >>> 8, hash].map((octet) => octet & 0xff);
    const rdata = type === TYPE_A ? [10, ...low] : [0xfd, ...Array.from({ length: 12 }, () => 0), ...low];
    return makeRecord(owner, type, Uint8Array.from(rdata));
  });
}

function portRecords(owner: string, service: string): ZoneRecord[] {
  return Array.from({ length: 3 }, (_, index) => {
    const target = nameFromText(`pod-${index}.${service}`);
    return makeRecord(owner, TYPE_SRV, Buffer.concat([Buffer.of(0, index, 0, 33, 0x1f, 0x90), target]));
  });
}

function bigRecord(owner: string): ZoneRecord {
  const string = Buffer.alloc(1 + BIG_STRING_OCTETS, 0x61 + (hashOf(owner) % 26));
  string[0] = BIG_STRING_OCTETS;
  return makeRecord(owner, TYPE_TXT, Buffer.concat(Array.from({ length: BIG_STRINGS }, () => string)));
}

function clockRecord(owner: string, nowSeconds: number): ZoneRecord {
  const rdata = Uint8Array.of(11, nowSeconds >>> 16, nowSeconds >>> 8, nowSeconds);
  return { owner, type: TYPE_A, ttlSeconds: CLOCK_TTL_SECONDS, rdata };
}

/** All records of one name and type have one TTL. */
function makeRecord(owner: string, type: number, rdata: Uint8Array): ZoneRecord {
  return { owner, type, ttlSeconds: 1 + (hashOf(owner) % MOST_TTL_SECONDS), rdata };
}

function soaFor(owner: string): ZoneRecord {
  const zone = owner.endsWith(`.${CLUSTER}`) ? CLUSTER : owner.endsWith('.test.') ? 'test.' : '.';
  const numbers = Buffer.alloc(20);
  [1, 7_200, 1_800, 86_400, DENIAL_TTL_SECONDS].forEach((value, index) =>
    numbers.writeUInt32BE(value, 4 * index),
  );
  const rdata = Buffer.concat([nameFromText('ns.test.'), nameFromText('host.test.'), numbers]);
  return { owner: zone, type: TYPE_SOA, ttlSeconds: DENIAL_TTL_SECONDS, rdata };
}

/** FNV-1a, 32 bits, unsigned. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}
