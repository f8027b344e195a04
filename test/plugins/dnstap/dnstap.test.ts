import { describe, expect, it, onTestFinished } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { Failure } from '../../../src/chain/outcome.ts';
import { dnstap } from '../../../src/plugins/dnstap/setup.ts';
import { eventually } from '../../support/eventually.ts';
import { makeQuery } from '../../support/query.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';
import { octetsOf, readFields } from './read-protobuf.ts';
import { startReader } from './scripted-reader.ts';
import type { ScriptedReader } from './scripted-reader.ts';

const DROPPED = 'nodelocaldns_dnstap_dropped_total';

interface Chain {
  readonly handler: Handler;
  readonly next: LastHandler;
  readonly context: FakeContext;
}

function setUp(corefile: string): Chain {
  const context = fakeContext();
  const make = dnstap.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('dnstap has a handler');
  const next = new LastHandler();
  onTestFinished(() => context.stop());
  return { handler: make(next), next, context };
}

/** Types of the messages that a reader has, once there are so many. */
async function typesAt(reader: ScriptedReader, count: number): Promise<unknown[]> {
  await reader.waitForPayloads(count);
  return reader.payloads.map((payload) => readFields(octetsOf(readFields(payload), 14)).get(1));
}

describe('dnstap', () => {
  it('tells of a query before, and of its answer after it is there', async () => {
    const reader = await startReader();
    const { handler, next, context } = setUp(`dnstap ${reader.path}`);
    await context.start();
    const later = Promise.withResolvers<Failure>();
    next.outcome = later.promise;
    const pending = handler.ask(makeQuery('a.test', 'A'));
    expect(await typesAt(reader, 1)).toEqual([5]);
    const failure = new Failure(2, 'why', 'x');
    later.resolve(failure);
    expect(await pending).toBe(failure);
    expect(await typesAt(reader, 2)).toEqual([5, 6]);
  });

  it('gives an outcome on at once when it is there at once', async () => {
    const reader = await startReader();
    const { handler, next, context } = setUp(`dnstap ${reader.path}`);
    await context.start();
    expect(handler.ask(makeQuery('a.test', 'A'))).toBe(next.outcome);
  });

  it('passes queries on before the block starts, and after it has stopped', async () => {
    const reader = await startReader();
    const { handler, next, context } = setUp(`dnstap ${reader.path}`);
    expect(handler.ask(makeQuery('a.test', 'A'))).toBe(next.outcome);
    await context.start();
    await context.stop();
    expect(handler.ask(makeQuery('a.test', 'A'))).toBe(next.outcome);
    expect([reader.payloads, context.metrics.value(DROPPED, reader.path)]).toEqual([[], 0]);
  });

  it('says nothing of what we ask ourselves to complete an answer', async () => {
    const reader = await startReader();
    const { handler, context } = setUp(`dnstap ${reader.path}`);
    await context.start();
    void handler.ask(makeQuery('inner.test', 'A', { depth: 1 }));
    void handler.ask(makeQuery('a.test', 'A'));
    expect(await typesAt(reader, 2)).toEqual([5, 6]);
  });

  it('tells every reader, each in its own way, with our names unless it has others', async () => {
    const [first, second] = await Promise.all([startReader(), startReader()]);
    const { handler, context } = setUp(
      `dnstap ${first.path}\ndnstap ${second.path} {\nidentity me\nversion mine\nextra {name}\n}`,
    );
    await context.start();
    void handler.ask(makeQuery('a.test', 'A'));
    await Promise.all([first.waitForPayloads(2), second.waitForPayloads(2)]);
    const [ours, theirs] = [first, second].map(({ payloads }) => readFields(payloads[0]));
    expect(octetsOf(ours, 1).length).toBeGreaterThan(0);
    expect(octetsOf(ours, 2).toString()).toMatch(/^nodelocaldns-\d+\.\d+\.\d+/);
    expect(ours.has(3)).toBe(false);
    expect([1, 2, 3].map((field) => octetsOf(theirs, field).toString())).toEqual(['me', 'mine', 'a.test.']);
  });

  it('counts what it cannot tell, for each reader', async () => {
    const { handler, context } = setUp('dnstap /nonexistent/dnstap.sock');
    await context.start();
    expect(context.metrics.value(DROPPED, '/nonexistent/dnstap.sock')).toBe(0);
    void handler.ask(makeQuery('a.test', 'A'));
    await eventually(() => context.metrics.value(DROPPED, '/nonexistent/dnstap.sock') === 2);
  });

  it('tells the reader what waits when the block stops', async () => {
    const reader = await startReader();
    const { handler, context } = setUp(`dnstap ${reader.path}`);
    await context.start();
    await eventually(() => reader.controls.length === 2);
    void handler.ask(makeQuery('a.test', 'A'));
    await context.stop();
    expect([reader.payloads.length, reader.controls.at(-1)]).toEqual([2, 'STOP']);
  });
});
