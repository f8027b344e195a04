/** A packet from a client: screened, read, and answered with a refusal or with an outcome made up at random. */
import { Failure, REPLY, Reply } from '../../src/chain/outcome.ts';
import { Query } from '../../src/chain/query.ts';
import { render, renderedOctets, replyLimit } from '../../src/chain/render.ts';
import { DROPPED, MAX_REFUSAL_OCTETS, REFUSAL, accept, writeRefusal } from '../../src/listen/accept.ts';
import { MessageBuilder, withoutOpt } from '../../src/wire/builder.ts';
import { AA, AD, QR, SECTION_ADDITIONAL, SECTION_ANSWER, TC } from '../../src/wire/header.ts';
import type { ExtendedError } from '../../src/wire/edns.ts';
import { TYPE_A, TYPE_NS } from '../../src/wire/registry.ts';
import { listRecords } from '../wire/list-records.ts';
import { octets, uint32 } from '../wire/raw-message.ts';
import { checkReply, isAuthoritative, isTruncated } from './check-reply.ts';
import { PACKETS, QUERIES } from './corpus.ts';
import { mutate } from './mutate.ts';
import { must, mustEqual } from './must.ts';
import type { Random } from './random.ts';

const OTHERS = PACKETS.map((packet) => packet.octets);
const CANARY = 0xa7;
const SPARE_OCTETS = 600;

export const queryInput = (random: Random): Uint8Array =>
  random.once(20) ? random.octets(random.below(120)) : mutate(random, random.pick(QUERIES).octets, OTHERS, 4);

/** @throws {Violation} */
export function checkQuery(packet: Uint8Array, random: Random): void {
  const query = new Query();
  const verdict = accept(query, packet, packet.length);
  const isAnswered = packet.length >= 12 && (packet[2] & 0x80) === 0;
  must(
    (verdict !== DROPPED) === isAnswered,
    'silence for responses and for what is no message, and for nothing else',
  );
  if (!isAnswered) return;
  query.transport = random.pick(['udp', 'tcp']);
  query.replyLimit = random.pick([0, 511, 512, 1232, 4096, 65_535]);
  if (random.once(2)) query.detach();
  const outcome = verdict === REFUSAL ? undefined : randomOutcome(query, random);
  const reply = written(query, outcome);
  const { hasOpt, dnssecOk, questionLength } = query;
  checkReply({ packet, hasOpt, dnssecOk, questionLength, limit: replyLimit(query) }, reply);
  if (outcome?.kind === REPLY) checkContents(query, outcome, reply);
}

/** What goes to the client, written into just as much room as was asked for. */
export function written(query: Query, outcome: Reply | Failure | undefined): Uint8Array {
  const room = outcome === undefined ? MAX_REFUSAL_OCTETS : renderedOctets(query, outcome);
  const out = new Uint8Array(room + SPARE_OCTETS).fill(CANARY);
  const length = outcome === undefined ? writeRefusal(query, out) : render(query, outcome, out);
  must(length <= room, `${length} octets in a room of ${room}`);
  must(
    out.subarray(room).every((octet) => octet === CANARY),
    'nothing to be written behind the room',
  );
  return out.subarray(0, length);
}

/**
 * @param view how records are compared: names may be told in the case of the client's question
 * @throws {Violation} when records changed or went missing without a word
 */
export function checkContents(
  query: Query,
  outcome: Reply,
  reply: Uint8Array,
  view: (line: string) => string = (line) => line,
): void {
  const own = query.nameAsAsked.slice();
  const wanted = listRecords(outcome.message, own).map((line) => view(aged(line, outcome)));
  const found = listRecords(withoutOpt(reply, reply.length), own).map(view);
  mustEqual(found, wanted.slice(0, found.length), 'records');
  const lost = wanted.slice(found.length);
  const lostWanted = lost.some((line) => !line.startsWith('additional'));
  must(
    lost.length === 0 || outcome.message.length + SPARE_OCTETS > replyLimit(query),
    'nothing to be lost that fits',
  );
  mustEqual(isTruncated(reply), outcome.truncated || lostWanted, 'TC if and only if answers were lost');
  mustEqual(isAuthoritative(reply), outcome.authoritative, 'AA');
}

function aged(line: string, { ageSeconds, fixedTtlSeconds }: Reply): string {
  const words = line.split(' ');
  const left = fixedTtlSeconds >= 0 ? fixedTtlSeconds : Math.max(0, Number(words[2]) - ageSeconds);
  return words.with(2, String(left)).join(' ');
}

const ERRORS: readonly (ExtendedError | undefined)[] = [
  undefined,
  { code: 3, text: '' },
  { code: 22, text: 'no upstream answers' },
  { code: 0, text: 'x'.repeat(300) },
];

function randomOutcome(query: Query, random: Random): Reply | Failure {
  const error = random.pick(ERRORS);
  if (random.once(4)) return new Failure(random.below(query.hasOpt ? 24 : 16), 'fuzz', 'fuzz', error);
  const reply = new Reply(randomReply(query, random), 'fuzz');
  reply.extendedError = error;
  reply.rcode = random.pick([0, 2, 3, 16, 23, 0xfff]);
  if (random.once(2)) reply.ageSeconds = random.below(1000);
  if (random.once(5)) reply.fixedTtlSeconds = random.below(60);
  return reply;
}

const OWNERS = ['.', 'org.', 'a.example.org.', 'A.Example.org.', 'x.y.z.svc.cluster.local.'].map((name) =>
  octets(name),
);

function randomRdata(random: Random): readonly [type: number, rdata: Uint8Array] {
  switch (random.below(3)) {
    case 0:
      return [65_280, random.octets(random.below(400))];
    case 1:
      return [TYPE_NS, random.pick(OWNERS)];
    default:
      return [TYPE_A, uint32(random.uint32())];
  }
}

/** A sound answer to this very question, of any size. */
function randomReply(query: Query, random: Random): Uint8Array {
  const flags = QR | random.pick([0, AA]) | random.pick([0, 0, 0, TC]) | random.pick([0, AD]);
  const builder = new MessageBuilder(flags).question(query.nameAsAsked, query.type, query.class);
  const count = random.pick([0, 1, 2, 5, 30, 200]);
  let section = SECTION_ANSWER;
  for (let left = count; left > 0; left--) {
    if (section < SECTION_ADDITIONAL && random.once(1 + Math.ceil(count / 2))) section++;
    const owner = random.once(2) ? query.nameAsAsked : random.pick(OWNERS);
    const ttl = random.pick([0, 1, 30, 300, 0x7fff_ffff, 0xffff_ffff]);
    const [type, rdata] = randomRdata(random);
    builder.record(section, owner, type, 1, ttl, rdata);
  }
  return builder.finish().slice();
}
