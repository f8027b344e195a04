/** The OPT of a reply, in words: what no other reader of a test looks at. */
import { isOpt, optDnssecOk, optExtendedRcode, optUdpSize, optVersion } from '../../src/wire/edns.ts';
import { rcodeOf, readFlags, readUint16 } from '../../src/wire/header.ts';
import { RECORD, RecordWalk } from '../../src/wire/records.ts';

const OPTION_EDE = 15;

export interface ReadOpt {
  /** What the sender says that it takes over UDP. */
  readonly udpSize: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  /** All 16 bits of flags. */
  readonly flags: number;
  /** The full rcode, that of the header included. */
  readonly rcode: number;
  /** `CODE TEXT` of the Extended DNS Error (RFC 8914), if there is one. */
  readonly error: string | undefined;
}

/** Undefined without an OPT. */
export function readOpt(message: Uint8Array): ReadOpt | undefined {
  const walk = new RecordWalk();
  if (!walk.start(message, message.length)) throw new Error('the questions cannot be read');
  while (walk.next() === RECORD) {
    if (!isOpt(walk)) continue;
    return {
      udpSize: optUdpSize(walk),
      version: optVersion(walk),
      dnssecOk: optDnssecOk(walk),
      flags: readUint16(message, walk.ttlOffset + 2),
      rcode: optExtendedRcode(walk) | rcodeOf(readFlags(message)),
      error: extendedError(walk),
    };
  }
  return undefined;
}

function extendedError({ message, rdataOffset, rdataLength }: RecordWalk): string | undefined {
  const end = rdataOffset + rdataLength;
  for (let at = rdataOffset; at < end; at += 4 + readUint16(message, at + 2)) {
    if (readUint16(message, at) !== OPTION_EDE) continue;
    const text = Buffer.from(message.subarray(at + 6, at + 4 + readUint16(message, at + 2)));
    return `${readUint16(message, at + 4)} ${text.toString()}`.trimEnd();
  }
  return undefined;
}
