import { describe, expect, it } from 'vitest';
import { Failure, Reply, SILENCE } from '../../../src/chain/outcome.ts';
import { QueryTap, Tap } from '../../../src/plugins/dnstap/query-tap.ts';
import { WallClock } from '../../../src/plugins/dnstap/wall-clock.ts';
import { MessageBuilder } from '../../../src/wire/builder.ts';
import { QR, SECTION_ANSWER, TC, readFlags, readId } from '../../../src/wire/header.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { CLASS_IN, SERVFAIL, TYPE_A } from '../../../src/wire/registry.ts';
import { makeQuery } from '../../support/query.ts';
import { FakeClock } from '../../support/setup-context.ts';
import { octetsOf, readFields } from './read-protobuf.ts';
import type { FieldValue } from './read-protobuf.ts';

const START_MS = 1_700_000_000_000;
const NAME = nameFromText('a.test');

/** What was sent to one reader. */
class Target {
  takes = true;
  dropped = 0;
  readonly payloads: Buffer[] = [];

  put(payload: Uint8Array): void {
    this.payloads.push(Buffer.from(payload));
  }

  drop(messages: number): void {
    this.dropped += messages;
  }

  /** The messages inside. */
  messages(): Map<number, FieldValue>[] {
    return this.payloads.map((payload) => readFields(octetsOf(readFields(payload), 14)));
  }

  extras(): (string | undefined)[] {
    return this.payloads.map((payload) => readFields(payload).get(3)?.toString());
  }
}

interface Tapped {
  readonly tap: QueryTap;
  readonly targets: Target[];
  readonly clock: FakeClock;
}

/** Taps for as many lines. */
function tapped(...lines: { full?: boolean; extra?: string; identity?: string }[]): Tapped {
  const clock = new FakeClock();
  const nowMs = (): number => clock.nowMs();
  const startMs = nowMs();
  const targets = lines.map(() => new Target());
  const taps = lines.map(
    (line, index) =>
      new Tap({ full: false, extra: '', identity: 'me', version: 'v', ...line }, targets[index]),
  );
  const wall = new WallClock(clock, () => START_MS + nowMs() - startMs);
  return { tap: new QueryTap(taps, wall, nowMs), targets, clock };
}

function answerOf(records: number): Reply {
  const builder = new MessageBuilder(QR).question(NAME, TYPE_A, CLASS_IN);
  for (let i = 0; i < records; i++) {
    builder.record(SECTION_ANSWER, NAME, TYPE_A, CLASS_IN, 60, Uint8Array.of(192, 0, 2, i));
  }
  return new Reply(builder.finish(), 'test');
}

describe('what is said of a client', () => {
  it('is who asked whom, by what, and when', () => {
    const { tap, targets, clock } = tapped({});
    const query = makeQuery('a.test', 'A', { receivedMs: clock.nowMs() });
    tap.asked(query);
    clock.advance(20.5);
    tap.answered(query, answerOf(1));
    const both = [
      [2, 1],
      [3, 1],
      [4, Buffer.of(192, 0, 2, 53)],
      [5, Buffer.of(127, 0, 0, 1)],
      [6, 40_000],
      [7, 53],
      [8, START_MS / 1_000],
      [9, 0],
    ];
    expect(targets[0].messages().map((fields) => Array.from(fields))).toEqual([
      [[1, 5], ...both],
      [[1, 6], ...both, [12, START_MS / 1_000], [13, 20_500_000]],
    ]);
  });

  it('tells families and protocols apart', () => {
    const { tap, targets } = tapped({});
    tap.asked(makeQuery('a.test', 'A', { clientAddress: '2001:db8::1', transport: 'tcp' }));
    tap.asked(makeQuery('a.test', 'A', { clientAddress: '::ffff:192.0.2.1' }));
    tap.asked(makeQuery('a.test', 'A', { clientAddress: 'fe80::1%eth0' }));
    const seen = targets[0]
      .messages()
      .map((fields) => [fields.get(2), fields.get(3), octetsOf(fields, 4).length]);
    expect(seen).toEqual([
      [2, 2, 16],
      [1, 1, 4],
      [2, 1, 16],
    ]);
  });

  it.each(['0.0.0.0', '::'])('leaves the address out that was asked where it is not known: %s', (address) => {
    const { tap, targets } = tapped({});
    const query = makeQuery('a.test', 'A');
    query.localAddress = address;
    tap.asked(query);
    const [fields] = targets[0].messages();
    expect([fields.has(5), fields.get(7)]).toEqual([false, 53]);
  });

  it('has the messages only where a line wants them in full', () => {
    const { tap, targets } = tapped({ full: true }, {});
    const query = makeQuery('a.test', 'A', { id: 7 });
    tap.asked(query);
    tap.answered(query, answerOf(1));
    const [asked, answered] = targets[0].messages();
    expect(octetsOf(asked, 10).equals(query.message.subarray(0, query.length))).toBe(true);
    expect(readId(octetsOf(answered, 14))).toBe(7);
    expect([asked.has(14), answered.has(10)]).toEqual([false, false]);
    for (const fields of targets[1].messages())
      expect([fields.has(10), fields.has(14)]).toEqual([false, false]);
  });

  it('has the answer as the client gets it, cut to the client’s size', () => {
    const { tap, targets } = tapped({ full: true });
    const query = makeQuery('a.test', 'A');
    tap.answered(query, answerOf(100));
    const answer = octetsOf(targets[0].messages()[0], 14);
    expect(answer.length).toBeLessThanOrEqual(512);
    expect(readFlags(answer) & TC).toBe(TC);
  });

  it('is said of a failure too, which the client gets as an answer, and not of silence', () => {
    const { tap, targets } = tapped({ full: true });
    const query = makeQuery('a.test', 'A');
    tap.answered(query, SILENCE);
    expect(targets[0].payloads).toEqual([]);
    tap.answered(query, new Failure(SERVFAIL, 'why', 'x'));
    expect(readFlags(octetsOf(targets[0].messages()[0], 14)) & 0xf).toBe(SERVFAIL);
  });

  it('carries what each line wants besides', () => {
    const { tap, targets } = tapped({ extra: '{name} {type} {rcode}' }, {}, { extra: 'plain {/a/b}' });
    const query = makeQuery('A.test', 'A');
    tap.asked(query);
    tap.answered(query, answerOf(1));
    expect(targets.map((target) => target.extras())).toEqual([
      ['a.test. A -', 'a.test. A NOERROR'],
      [undefined, undefined],
      ['plain -', 'plain -'],
    ]);
  });

  it('is counted, and no more, where nobody takes it', () => {
    const { tap, targets } = tapped({}, {});
    targets[0].takes = false;
    tap.asked(makeQuery('a.test', 'A'));
    expect(targets.map(({ dropped, payloads }) => [dropped, payloads.length])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });
});

describe('what is said of an exchange with another server', () => {
  const QUESTION = Buffer.from('00000100000100000000000001610474657374000001', 'hex');
  const REPLY = Buffer.from('beef8180000100000000000001610474657374000001', 'hex');

  it('is the client, the upstream, both times and both messages', () => {
    const { tap, targets, clock } = tapped({ full: true, extra: '{name}' });
    const query = makeQuery('a.test', 'A', { transport: 'tcp' });
    const watch = tap.begin(query, { upstream: '192.0.2.7:53', transport: 'udp' });
    clock.advance(5);
    watch.ended(QUESTION, REPLY);
    const both = [
      [2, 1],
      [3, 1],
      [4, Buffer.of(192, 0, 2, 53)],
      [5, Buffer.of(192, 0, 2, 7)],
      [6, 40_000],
      [7, 53],
      [8, START_MS / 1_000],
      [9, 0],
    ];
    const sent = Buffer.from(QUESTION);
    sent.writeUInt16BE(0xbeef);
    expect(targets[0].messages().map((fields) => Array.from(fields))).toEqual([
      [[1, 7], ...both, [10, sent]],
      [[1, 8], ...both, [12, START_MS / 1_000], [13, 5_000_000], [14, REPLY]],
    ]);
    expect(targets[0].extras()).toEqual(['a.test.', 'a.test.']);
    expect(QUESTION.readUInt16BE()).toBe(0);
  });

  it('is only that it was asked where no reply came', () => {
    const { tap, targets } = tapped({});
    tap
      .begin(makeQuery('a.test', 'A'), { upstream: '192.0.2.7:53', transport: 'tcp' })
      .ended(QUESTION, undefined);
    expect(targets[0].messages().map((fields) => [fields.get(1), fields.get(3)])).toEqual([[7, 2]]);
  });

  it.each([
    ['[2001:db8::7]:853', 'tls', [2, 3, Buffer.from('20010db8000000000000000000000007', 'hex'), 853]],
    ['[fe80::7%eth0]:53', 'udp', [2, 1, Buffer.from('fe800000000000000000000000000007', 'hex'), 53]],
  ] as const)('knows %s over %s', (upstream, transport, expected) => {
    const { tap, targets } = tapped({});
    tap.begin(makeQuery('a.test', 'A'), { upstream, transport }).ended(QUESTION, undefined);
    const [fields] = targets[0].messages();
    expect([2, 3, 5, 7].map((field) => fields.get(field))).toEqual(expected);
  });

  it('is of the client that asked, whatever its query serves meanwhile', () => {
    const { tap, targets } = tapped({});
    const query = makeQuery('a.test', 'A');
    const watch = tap.begin(query, { upstream: '192.0.2.7:53', transport: 'udp' });
    query.clientAddress = '198.51.100.1';
    query.clientPort = 1;
    watch.ended(QUESTION, REPLY);
    for (const fields of targets[0].messages()) expect(fields.get(6)).toBe(40_000);
  });
});
