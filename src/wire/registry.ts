/**
 * Names and numbers of the DNS registries that this daemon speaks of: record types (with the layout of their RDATA), classes, rcodes and
 * Extended DNS Errors. A new type is a row. What is not in the table still passes, as opaque octets (RFC 3597).
 */

/**
 * Layout letters of RDATA fields, in wire order:
 * `4` IPv4 address, `6` IPv6 address, `n` domain name, `b` `h` `w` integers of 8, 16 and 32 bits, `s` one character-string,
 * `S` one or more character-strings up to the end, `*` opaque octets up to the end.
 */
export interface RecordType {
  readonly code: number;
  readonly name: string;
  readonly layout: string;
  /** Names in RDATA may be compressed on output: only the types of RFC 1035 (RFC 3597 section 4). */
  readonly compressible: boolean;
}

const row = (code: number, name: string, layout = '*', compressible = false): RecordType => ({
  code,
  name,
  layout,
  compressible,
});

export const TYPE_A = 1;
export const TYPE_NS = 2;
export const TYPE_CNAME = 5;
export const TYPE_SOA = 6;
export const TYPE_PTR = 12;
export const TYPE_HINFO = 13;
export const TYPE_MX = 15;
export const TYPE_TXT = 16;
export const TYPE_AAAA = 28;
export const TYPE_SRV = 33;
export const TYPE_DNAME = 39;
export const TYPE_OPT = 41;
export const TYPE_DS = 43;
export const TYPE_RRSIG = 46;
export const TYPE_TKEY = 249;
export const TYPE_TSIG = 250;
export const TYPE_IXFR = 251;
export const TYPE_AXFR = 252;
export const TYPE_MAILB = 253;
export const TYPE_MAILA = 254;
export const TYPE_ANY = 255;

const RECORD_TYPES: readonly RecordType[] = [
  row(TYPE_A, 'A', '4'),
  row(TYPE_NS, 'NS', 'n', true),
  row(3, 'MD', 'n', true),
  row(4, 'MF', 'n', true),
  row(TYPE_CNAME, 'CNAME', 'n', true),
  row(TYPE_SOA, 'SOA', 'nnwwwww', true),
  row(7, 'MB', 'n', true),
  row(8, 'MG', 'n', true),
  row(9, 'MR', 'n', true),
  row(10, 'NULL'),
  row(TYPE_PTR, 'PTR', 'n', true),
  row(TYPE_HINFO, 'HINFO', 'ss'),
  row(14, 'MINFO', 'nn', true),
  row(TYPE_MX, 'MX', 'hn', true),
  row(TYPE_TXT, 'TXT', 'S'),
  row(17, 'RP', 'nn'),
  row(18, 'AFSDB', 'hn'),
  row(19, 'X25', 's'),
  row(20, 'ISDN'),
  row(21, 'RT', 'hn'),
  row(24, 'SIG', 'hbbwwwhn*'),
  row(25, 'KEY'),
  row(26, 'PX', 'hnn'),
  row(TYPE_AAAA, 'AAAA', '6'),
  row(29, 'LOC'),
  row(30, 'NXT', 'n*'),
  row(TYPE_SRV, 'SRV', 'hhhn'),
  row(35, 'NAPTR', 'hhsssn'),
  row(36, 'KX', 'hn'),
  row(37, 'CERT'),
  row(TYPE_DNAME, 'DNAME', 'n'),
  row(TYPE_OPT, 'OPT'),
  row(42, 'APL'),
  row(TYPE_DS, 'DS', 'hbb*'),
  row(44, 'SSHFP', 'bb*'),
  row(45, 'IPSECKEY'),
  row(TYPE_RRSIG, 'RRSIG', 'hbbwwwhn*'),
  row(47, 'NSEC', 'n*'),
  row(48, 'DNSKEY', 'hbb*'),
  row(49, 'DHCID'),
  row(50, 'NSEC3'),
  row(51, 'NSEC3PARAM'),
  row(52, 'TLSA', 'bbb*'),
  row(53, 'SMIMEA', 'bbb*'),
  row(55, 'HIP'),
  row(59, 'CDS', 'hbb*'),
  row(60, 'CDNSKEY', 'hbb*'),
  row(61, 'OPENPGPKEY'),
  row(62, 'CSYNC'),
  row(63, 'ZONEMD'),
  row(64, 'SVCB', 'hn*'),
  row(65, 'HTTPS', 'hn*'),
  row(99, 'SPF', 'S'),
  row(108, 'EUI48'),
  row(109, 'EUI64'),
  row(TYPE_TKEY, 'TKEY'),
  row(TYPE_TSIG, 'TSIG'),
  row(TYPE_IXFR, 'IXFR'),
  row(TYPE_AXFR, 'AXFR'),
  row(TYPE_MAILB, 'MAILB'),
  row(TYPE_MAILA, 'MAILA'),
  row(TYPE_ANY, 'ANY'),
  row(256, 'URI', 'hh*'),
  row(257, 'CAA', 'bs*'),
];

const TYPES_BY_CODE: ReadonlyMap<number, RecordType> = new Map(RECORD_TYPES.map((type) => [type.code, type]));
const TYPES_BY_NAME: ReadonlyMap<string, RecordType> = new Map(RECORD_TYPES.map((type) => [type.name, type]));

/** The row of a type, or undefined for one that passes as opaque octets. */
export const recordType = (code: number): RecordType | undefined => TYPES_BY_CODE.get(code);

/** `A`, `AAAA`, …; `TYPE65280` for a type without a name (RFC 3597 section 5). */
export const typeName = (code: number): string => TYPES_BY_CODE.get(code)?.name ?? `TYPE${code}`;

/** The code of an upper-case mnemonic or of `TYPEnnn`; undefined when it is neither. */
export function typeCode(name: string): number | undefined {
  return TYPES_BY_NAME.get(name)?.code ?? genericCode('TYPE', name);
}

export const CLASS_IN = 1;
export const CLASS_CH = 3;
export const CLASS_NONE = 254;
export const CLASS_ANY = 255;

const CLASSES: readonly (readonly [number, string])[] = [
  [CLASS_IN, 'IN'],
  [2, 'CS'],
  [CLASS_CH, 'CH'],
  [4, 'HS'],
  [CLASS_NONE, 'NONE'],
  [CLASS_ANY, 'ANY'],
];
const CLASS_NAMES: ReadonlyMap<number, string> = new Map(CLASSES);
const CLASS_CODES: ReadonlyMap<string, number> = new Map(CLASSES.map(([code, name]) => [name, code]));

/** `IN`, `CH`, …; `CLASS42` for one without a name (RFC 3597 section 5). */
export const className = (code: number): string => CLASS_NAMES.get(code) ?? `CLASS${code}`;
export const classCode = (name: string): number | undefined =>
  CLASS_CODES.get(name) ?? genericCode('CLASS', name);

export const NOERROR = 0;
export const FORMERR = 1;
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const NOTIMP = 4;
export const REFUSED = 5;
export const BADVERS = 16;

const RCODES: readonly (readonly [number, string])[] = [
  [NOERROR, 'NOERROR'],
  [FORMERR, 'FORMERR'],
  [SERVFAIL, 'SERVFAIL'],
  [NXDOMAIN, 'NXDOMAIN'],
  [NOTIMP, 'NOTIMP'],
  [REFUSED, 'REFUSED'],
  [6, 'YXDOMAIN'],
  [7, 'YXRRSET'],
  [8, 'NXRRSET'],
  [9, 'NOTAUTH'],
  [10, 'NOTZONE'],
  // 16 is BADVERS in an OPT and BADSIG in a TSIG; the metrics of CoreDNS say BADSIG.
  [BADVERS, 'BADSIG'],
  [17, 'BADKEY'],
  [18, 'BADTIME'],
  [19, 'BADMODE'],
  [20, 'BADNAME'],
  [21, 'BADALG'],
  [22, 'BADTRUNC'],
  [23, 'BADCOOKIE'],
];
const RCODE_NAMES: ReadonlyMap<number, string> = new Map(RCODES);
const RCODE_CODES: ReadonlyMap<string, number> = new Map(RCODES.map(([code, name]) => [name, code]));

/** The name of an rcode of up to 12 bits; undefined where the registry has none. */
export const rcodeName = (code: number): string | undefined => RCODE_NAMES.get(code);
/** The rcode of an upper-case name such as `NXDOMAIN`; undefined when there is none of that name. */
export const rcodeCode = (name: string): number | undefined => RCODE_CODES.get(name);

/** Extended DNS Errors that this daemon sends (RFC 8914 section 4). */
export const EDE_OTHER = 0;
export const EDE_STALE_ANSWER = 3;
export const EDE_CACHED_ERROR = 13;
export const EDE_NOT_READY = 14;
export const EDE_BLOCKED = 15;
export const EDE_FILTERED = 17;
export const EDE_PROHIBITED = 18;
export const EDE_STALE_NXDOMAIN = 19;
export const EDE_NOT_AUTHORITATIVE = 20;
export const EDE_NOT_SUPPORTED = 21;
export const EDE_NO_REACHABLE_AUTHORITY = 22;
export const EDE_NETWORK_ERROR = 23;
export const EDE_INVALID_DATA = 24;

function genericCode(prefix: string, name: string): number | undefined {
  if (!name.startsWith(prefix) || !/^\d{1,5}$/.test(name.slice(prefix.length))) return undefined;
  const code = Number(name.slice(prefix.length));
  return code <= 0xffff ? code : undefined;
}
