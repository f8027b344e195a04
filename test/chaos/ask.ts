/** A query as a pod's resolver sends it, and what has to be known to judge its answer. */
import { RD } from '../../src/wire/header.ts';
import { TYPE_OPT } from '../../src/wire/registry.ts';
import type { Random } from '../fuzz/random.ts';
import { message, question, record } from '../wire/raw-message.ts';
import type { Asked } from './judge.ts';

/** What the daemon sends over UDP at most, whatever the client takes. */
const OWN_UDP_OCTETS = 1_232;
const PLAIN_UDP_OCTETS = 512;
const TCP_OCTETS = 65_535;
const NO_OPTIONS = new Uint8Array(0);

/** Payload sizes that resolvers announce; 0 for those that do not speak EDNS. */
const UDP_SIZES = [0, 0, 1_232, 1_232, 4_096, 512];

export interface QuestionAsked {
  readonly name: string;
  readonly type: number;
  readonly transport: 'udp' | 'tcp';
  readonly id: number;
}

/** Now and then in mixed case, as some resolvers ask. */
export function makeQuery({ name, type, transport, id }: QuestionAsked, random: Random): Asked {
  const asName = random.once(5) ? mixedCase(name, random) : name;
  const udpSize = random.pick(UDP_SIZES);
  const opt = record({ owner: '.', type: TYPE_OPT, class: udpSize, ttl: 0, rdata: NO_OPTIONS });
  const octets = question(asName, type);
  const packet = message({
    id,
    flags: RD,
    question: octets,
    additional: udpSize === 0 ? [] : [opt],
  });
  const most = Math.min(Math.max(udpSize, PLAIN_UDP_OCTETS), OWN_UDP_OCTETS);
  return {
    packet,
    name,
    type,
    transport,
    hasOpt: udpSize !== 0,
    dnssecOk: false,
    questionLength: octets.length,
    limit: transport === 'tcp' ? TCP_OCTETS : most,
  };
}

const mixedCase = (name: string, random: Random): string =>
  name.replaceAll(/[a-z]/g, (letter) => (random.once(2) ? letter.toUpperCase() : letter));
