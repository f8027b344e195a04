/** Many questions at a time: those that are the same share an exchange, those that are too many wait or are refused. */
import { describe, expect, it } from 'vitest';
import { LONGEST_LINE, LONGEST_WAIT_MS, MOST_PER_TURN } from '../../../src/chain/exchange-gate.ts';
import { REPLY } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { QUERY_DEADLINE_MS } from '../../../src/plugins/forward/tries.ts';
import { makeQuery } from '../../support/query.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { Forwarding } from './fake-upstream.ts';

const FOUND: ReplySpec = { answers: ['@ 60 IN A 192.0.2.99'] };

describe('many who ask the same at the same time', () => {
  it('cause one exchange, whatever their case, transport and flags', async () => {
    const line = new Forwarding('', 1);
    const slow = Promise.withResolvers<ReplySpec>();
    line.upstreams[0].script = () => slow.promise;
    const waiting = [
      line.ask('a.test.'),
      line.ask('A.TEST.'),
      line.ask('a.test.', 'A', { transport: 'tcp' }),
      line.ask('a.test.', 'A', { recursionDesired: false }),
      line.ask('a.test.', 'A', { edns: true }),
    ];
    slow.resolve(FOUND);
    const outcomes = await Promise.all(waiting);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual([0, 0, 0, 0, 0]);
    expect(line.counts).toEqual([1]);
    await line.ask();
    expect(line.counts).toEqual([2]);
  });

  it('cause one each where they ask for something else', async () => {
    const line = new Forwarding('', 1);
    await Promise.all([
      line.ask('a.test.', 'A'),
      line.ask('a.test.', 'AAAA'),
      line.ask('a.test.', 'A', { dnssecOk: true }),
      line.ask('a.test.', 'A', { checkingDisabled: true }),
      line.ask('a.test.', 'A', { class: 'CH' }),
    ]);
    expect(line.counts).toEqual([5]);
  });

  it('cause one each where the Corefile adds other options to their questions', async () => {
    const line = new Forwarding('', 1);
    const slow = Promise.withResolvers<ReplySpec>();
    line.upstreams[0].script = () => slow.promise;
    const options = ['', 'ffee000101', 'ffee000102', 'ffee000101'];
    const waiting = options.map((hex) => {
      const query = makeQuery('a.test.', 'A');
      query.upstreamOptions = Buffer.from(hex, 'hex');
      return Promise.resolve(line.handler.ask(query));
    });
    expect(line.counts).toEqual([3]);
    slow.resolve(FOUND);
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual([REPLY, REPLY, REPLY, REPLY]);
    await line.ask();
    expect(line.counts).toEqual([4]);
  });

  it('get a truncated answer over UDP, and SERVFAIL over TCP, where it is of no use', async () => {
    const line = new Forwarding('', 1);
    const slow = Promise.withResolvers<ReplySpec>();
    line.upstreams[0].script = () => slow.promise;
    const [overUdp, overTcp] = [line.ask('a.test.', 'A'), line.ask('a.test.', 'A', { transport: 'tcp' })];
    slow.resolve({ ...FOUND, truncated: true });
    expect(await overUdp).toMatchObject({ rcode: 0, truncated: true });
    expect(await overTcp).toMatchObject({ rcode: 2, extendedError: { code: 23 } });
  });

  it('get it each as it is of use to them, whoever was first', async () => {
    const line = new Forwarding('', 1);
    line.upstreams[0].script = () => ({ ...FOUND, truncated: true });
    const [overTcp, overUdp] = [line.ask('a.test.', 'A', { transport: 'tcp' }), line.ask('a.test.', 'A')];
    expect(await overTcp).toMatchObject({ rcode: 2 });
    expect(await overUdp).toMatchObject({ rcode: 0, truncated: true });
    expect(line.counts).toEqual([1]);
  });
});

describe('max_concurrent', () => {
  const REJECTS = 'coredns_forward_max_concurrent_rejects_total';

  it('refuses one question too many, says why, and counts it', async () => {
    const line = new Forwarding('max_concurrent 2', 1);
    const slow = Promise.withResolvers<ReplySpec>();
    line.upstreams[0].script = () => slow.promise;
    const waiting = [line.ask('a.test.'), line.ask('b.test.')];
    expect(line.pending('c.test.')).toMatchObject({
      rcode: 5,
      reason: 'concurrent queries exceeded maximum 2',
      source: 'forward',
      extendedError: { code: 0, text: 'too many queries' },
    });
    expect(line.context.metrics.value(REJECTS)).toBe(1);
    // Whoever joins a question that is on its way costs nothing.
    waiting.push(line.ask('a.test.'));
    slow.resolve(FOUND);
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual([0, 0, 0]);
    expect(await line.ask('c.test.')).toMatchObject({ rcode: 0 });
    expect(line.context.metrics.value(REJECTS)).toBe(1);
  });

  it('is no limit when it is 0', async () => {
    const line = new Forwarding('max_concurrent 0', 1);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => line.ask(`${i}.test.`)));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set([0]));
  });
});

const askMany = (line: Forwarding, count: number): Promise<Outcome[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => line.ask(`${i}.test.`)));

describe('a turn of the event loop in which more is asked than may begin', () => {
  const REJECTS = 'nodelocaldns_forward_overload_rejects_total';
  const OVERLOADED = {
    rcode: 2,
    source: 'forward',
    extendedError: { code: 0, text: 'too many queries' },
  };
  it('begins some of it, and the rest in the turns after', async () => {
    const line = new Forwarding('', 1);
    const outcomes = askMany(line, 2 * MOST_PER_TURN);
    expect(line.counts).toEqual([MOST_PER_TURN]);
    expect(new Set((await outcomes).map(({ kind }) => kind))).toEqual(new Set([REPLY]));
    expect(line.counts).toEqual([2 * MOST_PER_TURN]);
    expect(line.context.metrics.value(REJECTS)).toBe(0);
  });

  it('lets those join who ask for what stands in line', async () => {
    const line = new Forwarding('', 1);
    void askMany(line, MOST_PER_TURN);
    const both = [line.ask('late.test.'), line.ask('LATE.test.')];
    await Promise.all(both);
    expect(line.counts).toEqual([MOST_PER_TURN + 1]);
  });

  it('refuses what finds no place in the line, says why, and counts it', async () => {
    const line = new Forwarding('', 1);
    void askMany(line, MOST_PER_TURN + LONGEST_LINE);
    expect(line.pending('late.test.')).toMatchObject(OVERLOADED);
    expect(line.context.metrics.value(REJECTS)).toBe(1);
  });

  it('refuses what has waited for too long', async () => {
    const line = new Forwarding('', 1);
    void askMany(line, MOST_PER_TURN);
    const late = line.ask('late.test.');
    line.context.clock.advance(LONGEST_WAIT_MS);
    expect(await late).toMatchObject(OVERLOADED);
    expect(line.counts).toEqual([MOST_PER_TURN]);
    expect(line.context.metrics.value(REJECTS)).toBe(1);
  });

  it('counts the time in line against the time for all attempts', async () => {
    const line = new Forwarding('read_timeout 10s', 1);
    void askMany(line, MOST_PER_TURN);
    const late = line.ask('late.test.');
    const askedMs = line.context.clock.nowMs();
    line.context.clock.advance(LONGEST_WAIT_MS - 1);
    await late;
    expect(line.upstreams[0].asked.at(-1)?.deadlineMs).toBe(askedMs + QUERY_DEADLINE_MS);
  });
});
