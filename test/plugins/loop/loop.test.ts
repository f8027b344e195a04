import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import type { OfferedUpstream } from '../../../src/chain/plugin.ts';
import { loop } from '../../../src/plugins/loop/setup.ts';
import type { Question } from '../../../src/wire/ask-message.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import { LastHandler, cursorOf, fakeContext, zonesOf } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

const FIRST_MS = 50;
const RETRY_MS = 1_000;
const RECHECK_MS = 30_000;
const GIVE_UP_MS = 30_000;

/** A resolver that answers, keeps silent, or sends the question to whoever listens here. */
class FakeUpstream implements OfferedUpstream {
  readonly label: string;
  readonly asked: string[] = [];
  /** Why it was taken out, as long as it is. */
  quarantined: string | undefined;
  answer: (question: Question) => Promise<unknown> = () => Promise.resolve();

  constructor(label: string) {
    this.label = label;
  }

  ask(question: Question): Promise<unknown> {
    this.asked.push(nameToText(question.name));
    expect(question).toMatchObject({ type: 13, class: 1 });
    return this.answer(question);
  }

  quarantine(reason: string): void {
    this.quarantined = reason;
  }

  release(): void {
    this.quarantined = undefined;
  }
}

interface Watched {
  readonly context: FakeContext;
  readonly handler: Handler;
  readonly next: LastHandler;
  readonly upstreams: readonly FakeUpstream[];
  /** Timers and the clock go on together. */
  readonly pass: (ms: number) => Promise<void>;
}

function watch(count = 1, ...zones: string[]): Watched {
  const context = fakeContext({ zones: zonesOf(...(zones.length === 0 ? ['.'] : zones)) });
  const next = new LastHandler();
  const make = loop.setup(cursorOf('loop'), context);
  if (make === undefined) throw new Error('loop has a handler');
  const upstreams = Array.from({ length: count }, (_, i) => new FakeUpstream(`192.0.2.${i + 1}:53`));
  // Plugins behind this one offer theirs when it has been set up already.
  context.upstreams.push(...upstreams);
  return {
    context,
    next,
    handler: make(next),
    upstreams,
    async pass(ms) {
      context.clock.advance(ms);
      await vi.advanceTimersByTimeAsync(ms);
    },
  };
}

/** Makes an upstream send what it is asked back to us, in other letters, as a 0x20 resolver would. */
function loopBack(upstream: FakeUpstream, { handler, context }: Watched): void {
  upstream.answer = async ({ name }) => {
    const [server] = context.servers;
    const query = makeQuery(nameToText(name).toUpperCase(), 'HINFO', { server });
    expect(decodeOutcome(await handler.ask(query))).toMatchObject({ rcode: 3, answer: [], authority: [] });
  };
}

const silent = (): Promise<unknown> => Promise.reject(new Error('i/o timeout'));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a probe', () => {
  it('is sent to each upstream, soon after the block began to serve', async () => {
    const watched = watch(2);
    await watched.pass(10 * RETRY_MS);
    expect(watched.upstreams.map(({ asked }) => asked.length)).toEqual([0, 0]);
    await watched.context.start();
    await watched.pass(FIRST_MS);
    expect(watched.upstreams.map(({ asked }) => asked.length)).toEqual([1, 1]);
  });

  it('has a name that nobody can guess and no other probe has, below the first zone of the block', async () => {
    const watched = watch(3, 'example.org.', 'example.net.');
    await watched.context.start();
    await watched.pass(FIRST_MS);
    const names = watched.upstreams.flatMap(({ asked }) => asked);
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{12}\.[0-9a-f]{12}\.example\.org\.$/);
  });

  it('has two labels below the root', async () => {
    const watched = watch();
    await watched.context.start();
    await watched.pass(FIRST_MS);
    expect(watched.upstreams[0].asked[0]).toMatch(/^[0-9a-f]{12}\.[0-9a-f]{12}\.$/);
  });

  it('is the last one where an upstream answers it and it did not come back', async () => {
    const watched = watch();
    await watched.context.start();
    await watched.pass(FIRST_MS + 10 * RECHECK_MS);
    expect(watched.upstreams[0]).toMatchObject({ asked: { length: 1 }, quarantined: undefined });
  });
});

describe('an upstream that sends our probe back', () => {
  it('is asked no more, and the others are', async () => {
    const watched = watch(2);
    loopBack(watched.upstreams[1], watched);
    await watched.context.start();
    await watched.pass(FIRST_MS);
    expect(watched.upstreams[0].quarantined).toBeUndefined();
    expect(watched.upstreams[1].quarantined).toBe(
      'Loop (192.0.2.53:40000 -> dns://:53) detected for zone ".": it sends our queries back to us',
    );
  });

  it('is probed every half minute, and released when it is mended', async () => {
    const watched = watch();
    const [upstream] = watched.upstreams;
    loopBack(upstream, watched);
    await watched.context.start();
    await watched.pass(FIRST_MS);
    await watched.pass(RECHECK_MS - 1);
    expect(upstream).toMatchObject({ asked: { length: 1 } });
    await watched.pass(1);
    expect(upstream).toMatchObject({ asked: { length: 2 }, quarantined: expect.any(String) });
    upstream.answer = () => Promise.resolve();
    await watched.pass(RECHECK_MS);
    expect(upstream).toMatchObject({ asked: { length: 3 }, quarantined: undefined });
    await watched.pass(10 * RECHECK_MS);
    expect(upstream.asked).toHaveLength(3);
  });

  it('stays out while it says nothing', async () => {
    const watched = watch();
    const [upstream] = watched.upstreams;
    loopBack(upstream, watched);
    await watched.context.start();
    await watched.pass(FIRST_MS);
    upstream.answer = silent;
    await watched.pass(3 * RECHECK_MS);
    expect(upstream.quarantined).toBeDefined();
    upstream.answer = () => Promise.resolve();
    await watched.pass(RECHECK_MS);
    expect(upstream.quarantined).toBeUndefined();
  });

  it('is found out even if it does not answer the probe that it sent back', async () => {
    const watched = watch();
    const [upstream] = watched.upstreams;
    loopBack(upstream, watched);
    const { answer } = upstream;
    upstream.answer = (question) => answer.call(upstream, question).then(silent);
    await watched.context.start();
    await watched.pass(FIRST_MS);
    expect(upstream.quarantined).toBeDefined();
    await watched.pass(RECHECK_MS - 1);
    expect(upstream.asked).toHaveLength(1);
  });
});

describe('an upstream that does not answer', () => {
  it('is probed once a second for half a minute, then every half minute', async () => {
    const watched = watch();
    const [upstream] = watched.upstreams;
    upstream.answer = silent;
    await watched.context.start();
    await watched.pass(FIRST_MS);
    for (let s = 0; s < 10; s++) await watched.pass(RETRY_MS);
    expect(upstream.asked).toHaveLength(11);
    for (let s = 0; s < 19; s++) await watched.pass(RETRY_MS);
    const soFar = upstream.asked.length;
    expect(soFar).toBe(GIVE_UP_MS / RETRY_MS);
    await watched.pass(RETRY_MS);
    await watched.pass(RECHECK_MS - RETRY_MS);
    expect(upstream.asked).toHaveLength(soFar + 1);
    await watched.pass(RECHECK_MS);
    expect(upstream.asked).toHaveLength(soFar + 2);
    expect(upstream.quarantined).toBeUndefined();
  });
});

describe('other questions', () => {
  it.each([
    { what: 'HINFO for a name that is no probe', name: 'a.test.', type: 'HINFO' },
    { what: 'another type', name: 'a.test.', type: 'A' },
  ])('go to the next handler: $what', async ({ name, type }) => {
    const watched = watch();
    await watched.context.start();
    expect(watched.handler.ask(makeQuery(name, type))).toBe(watched.next.outcome);
    watched.upstreams[0].answer = ({ name: probe }) => {
      expect(watched.handler.ask(makeQuery(name, type))).toBe(watched.next.outcome);
      // Nor for the very name of the probe, if it is of another type.
      expect(watched.handler.ask(makeQuery(nameToText(probe), 'A'))).toBe(watched.next.outcome);
      return Promise.resolve();
    };
    await watched.pass(FIRST_MS);
    expect(watched.next.asked).toBe(3);
  });

  it('that repeat a probe of the past mean nothing', async () => {
    const watched = watch();
    await watched.context.start();
    await watched.pass(FIRST_MS);
    const [name] = watched.upstreams[0].asked;
    expect(watched.handler.ask(makeQuery(name, 'HINFO'))).toBe(watched.next.outcome);
    expect(watched.upstreams[0].quarantined).toBeUndefined();
  });
});

describe('when the block stops', () => {
  it('no probe is sent any more', async () => {
    const watched = watch(2);
    watched.upstreams[0].answer = silent;
    await watched.context.start();
    await watched.pass(FIRST_MS);
    await watched.context.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a probe that is under way is the last one', async () => {
    const watched = watch();
    const under = Promise.withResolvers<unknown>();
    watched.upstreams[0].answer = () => under.promise;
    await watched.context.start();
    await watched.pass(FIRST_MS);
    await watched.context.stop();
    under.reject(new Error('use of closed network connection'));
    await watched.pass(10 * RECHECK_MS);
    expect(watched.upstreams[0].asked).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the directive', () => {
  it.each(['loop now', 'loop {\n now\n}'])('takes no arguments: %s', (text) => {
    expect(() => loop.setup(cursorOf(text), fakeContext())).toThrow('Corefile:1 - Error during parsing: ');
  });

  it('stands once in a block', () => {
    expect(() => loop.setup(cursorOf('loop\nloop'), fakeContext())).toThrow(
      new RangeError('this plugin can only be used once per Server Block'),
    );
  });
});
