import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { Failure, Reply, SILENCE } from '../../../src/chain/outcome.ts';
import {
  LINES_PER_PERIOD,
  LINES_PER_REASON,
  PERIOD_SECONDS,
} from '../../../src/plugins/errors/line-budget.ts';
import { errors } from '../../../src/plugins/errors/setup.ts';
import { NXDOMAIN, REFUSED, SERVFAIL } from '../../../src/wire/registry.ts';
import { makeQuery } from '../../support/query.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';

const TIMEOUT = 'read udp 10.0.0.1:40000->192.0.2.1:53: i/o timeout';

interface Chain {
  readonly handler: Handler;
  readonly context: FakeContext;
  readonly next: LastHandler;
  /** Sends a query through whose last handler gives up for this reason. */
  readonly fail: (reason?: string) => void;
}

function setUp(corefile = 'errors'): Chain {
  const context = fakeContext();
  const make = errors.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('errors has a handler');
  const next = new LastHandler();
  const handler = make(next);
  const fail = (reason = TIMEOUT): void => {
    next.outcome = new Failure(SERVFAIL, reason, 'forward');
    void handler.ask(makeQuery('Example.ORG', 'A'));
  };
  return { handler, context, next, fail };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('errors', () => {
  it('logs the rcode, name and type of a query that ended without an answer, and why', () => {
    const { context, fail } = setUp();
    fail();
    expect(context.logLines).toEqual([`error 2 example.org. A: ${TIMEOUT}`]);
  });

  it('gives the outcome on as it is, at once when it is there at once', () => {
    const { handler, next } = setUp();
    next.outcome = new Failure(REFUSED, 'why', 'x');
    expect(handler.ask(makeQuery('example.org', 'A'))).toBe(next.outcome);
  });

  it('logs an outcome that comes later when it comes', async () => {
    const { context, handler, next } = setUp();
    const later = Promise.withResolvers<Failure>();
    next.outcome = later.promise;
    const pending = handler.ask(makeQuery('example.org', 'TYPE65280'));
    expect(context.logLines).toEqual([]);
    later.resolve(new Failure(SERVFAIL, 'why', 'x'));
    await pending;
    expect(context.logLines).toEqual(['error 2 example.org. TYPE65280: why']);
  });

  it('logs neither answers, whatever their rcode, nor silence', () => {
    const { context, handler, next } = setUp();
    for (const rcode of [0, SERVFAIL, NXDOMAIN]) {
      next.outcome = new Reply(Uint8Array.of(0, 0, 0x80, rcode, 0, 0, 0, 0, 0, 0, 0, 0), 'x');
      void handler.ask(makeQuery('example.org', 'A'));
    }
    next.outcome = SILENCE;
    void handler.ask(makeQuery('example.org', 'A'));
    expect(context.logLines).toEqual([]);
  });
});

describe('a flood of errors', () => {
  const WITHHELD = 'nodelocaldns_error_lines_withheld_total';

  it('gives a few lines for one reason, and one that says how many more there were', () => {
    const { context, fail } = setUp();
    for (let i = 0; i < 5_000; i++) fail('too many queries');
    fail('another reason');
    expect(context.logLines).toHaveLength(LINES_PER_REASON + 1);
    expect(context.logLines.at(-1)).toBe('error 2 example.org. A: another reason');
    expect(context.metrics.value(WITHHELD)).toBe(5_000 - LINES_PER_REASON);
    vi.advanceTimersByTime(PERIOD_SECONDS * 1_000);
    expect(context.logLines.slice(LINES_PER_REASON + 1)).toEqual([
      'error 4980 more errors occurred in last 10s; most frequent, 5000 in all: too many queries',
    ]);
  });

  it('gives so many lines at most when every error has a reason of its own', () => {
    const { context, fail } = setUp();
    for (let port = 0; port < 10_000; port++) fail(`read udp 10.0.0.1:${port}: i/o timeout`);
    expect(context.logLines).toHaveLength(LINES_PER_PERIOD);
    vi.advanceTimersByTime(PERIOD_SECONDS * 1_000);
    expect(context.logLines).toHaveLength(LINES_PER_PERIOD + 1);
    expect(context.logLines.at(-1)).toContain('error 9900 more errors occurred in last 10s');
  });

  it('is over with its period: then errors are logged one by one, and nothing is summed up', () => {
    const { context, fail } = setUp();
    for (let i = 0; i < 100; i++) fail();
    vi.advanceTimersByTime(PERIOD_SECONDS * 1_000);
    const before = context.logLines.length;
    fail();
    vi.advanceTimersByTime(PERIOD_SECONDS * 1_000);
    expect(context.logLines.slice(before)).toEqual([`error 2 example.org. A: ${TIMEOUT}`]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is summed up when the block ends, and bounded after that too', async () => {
    const { context, fail } = setUp();
    for (let i = 0; i < 100; i++) fail();
    await context.stop();
    expect(context.logLines.at(-1)).toContain(`${100 - LINES_PER_REASON} more errors`);
    expect(vi.getTimerCount()).toBe(0);
    const before = context.logLines.length;
    for (let i = 0; i < 100; i++) fail();
    expect(context.logLines).toHaveLength(before + LINES_PER_REASON);
  });
});

describe('errors with consolidate', () => {
  it('may follow each other in any order', () => {
    const { context, fail } = setUp('errors {\nconsolidate 1s a\nconsolidate 1s b\n}');
    for (const reason of ['a', 'b', 'c', 'b', 'a', 'a']) fail(reason);
    vi.advanceTimersByTime(1000);
    expect(context.logLines).toEqual([
      'error 2 example.org. A: c',
      "error 3 errors like 'a' occurred in last 1s",
      "error 2 errors like 'b' occurred in last 1s",
    ]);
  });

  it('counts errors that look alike and tells their number when the time since the first is up', () => {
    const { context, fail } = setUp('errors {\nconsolidate 5m "i/o timeout$"\n}');
    fail();
    vi.advanceTimersByTime(200_000);
    fail('dial udp: i/o timeout');
    vi.advanceTimersByTime(99_999);
    expect(context.logLines).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(context.logLines).toEqual(["error 2 errors like 'i/o timeout$' occurred in last 5m0s"]);
  });

  it('begins anew with the next error', () => {
    const { context, fail } = setUp('errors {\nconsolidate 30s timeout\n}');
    fail();
    vi.advanceTimersByTime(30_000);
    expect(vi.getTimerCount()).toBe(0);
    fail();
    vi.advanceTimersByTime(30_000);
    expect(context.logLines).toEqual([
      "error 1 errors like 'timeout' occurred in last 30s",
      "error 1 errors like 'timeout' occurred in last 30s",
    ]);
  });

  it('logs other errors as ever', () => {
    const { context, fail } = setUp('errors {\nconsolidate 30s "^timeout"\n}');
    fail();
    expect(context.logLines).toEqual([`error 2 example.org. A: ${TIMEOUT}`]);
  });

  it('counts an error for the first pattern that it matches', () => {
    const { context, fail } = setUp('errors {\nconsolidate 1s a\nconsolidate 1s b\n}');
    fail('ab');
    fail('b');
    vi.advanceTimersByTime(1000);
    expect(context.logLines).toEqual([
      "error 1 errors like 'a' occurred in last 1s",
      "error 1 errors like 'b' occurred in last 1s",
    ]);
  });

  it.each([
    ['warning', 'warn'],
    ['error', 'error'],
    ['info', 'info'],
    ['debug', 'debug'],
  ])('tells at level %s', (level, told) => {
    const { context, fail } = setUp(`errors {\nconsolidate 1s timeout ${level}\n}`);
    fail();
    vi.advanceTimersByTime(1000);
    expect(context.logLines).toEqual([`${told} 1 errors like 'timeout' occurred in last 1s`]);
  });

  it('logs the first error at once with show_first, at the level of the pattern', () => {
    const { context, fail } = setUp('errors {\nconsolidate 1s timeout warning show_first\n}');
    fail();
    fail();
    fail();
    expect(context.logLines).toEqual([`warn 2 example.org. A: ${TIMEOUT}`]);
    vi.advanceTimersByTime(1000);
    expect(context.logLines[1]).toBe("warn 3 errors like 'timeout' occurred in last 1s");
  });

  it('needs no summary with show_first when there was only the first', () => {
    const { context, fail } = setUp('errors {\nconsolidate 1s timeout show_first\n}');
    fail();
    vi.advanceTimersByTime(1000);
    expect(context.logLines).toEqual([`error 2 example.org. A: ${TIMEOUT}`]);
  });

  it('tells what it has counted when the block ends, and logs one by one from then on', async () => {
    const { context, fail } = setUp('errors {\nconsolidate 1h timeout warning\n}');
    fail();
    fail();
    await context.stop();
    expect(context.logLines).toEqual(["warn 2 errors like 'timeout' occurred in last 1h0m0s"]);
    expect(vi.getTimerCount()).toBe(0);
    fail();
    expect(context.logLines[1]).toBe(`warn 2 example.org. A: ${TIMEOUT}`);
  });

  it('waits however long it is told to', () => {
    const { context, fail } = setUp('errors {\nconsolidate 10000h timeout\n}');
    fail();
    vi.advanceTimersByTime(3_600_000);
    expect(context.logLines).toEqual([]);
  });
});

describe('the setup of errors', () => {
  it('takes stdout as the only destination', () => {
    setUp('errors stdout');
    expect(() => setUp('errors /var/log/x')).toThrow('invalid log file: /var/log/x');
  });

  it.each([
    ['a second time', 'errors\nerrors', 'this plugin can only be used once per Server Block'],
    ['two arguments', 'errors stdout x', "Wrong argument count or unexpected line ending after 'x'"],
    ['another field', 'errors {\nx\n}', "Syntax error: Unexpected token 'x', expecting 'Unknown field x'"],
    ['consolidate without a pattern', 'errors {\nconsolidate 1s\n}', "line ending after '1s'"],
    [
      'consolidate with five arguments',
      'errors {\nconsolidate 1s a info show_first x\n}',
      "line ending after 'x'",
    ],
    [
      'a time that is none',
      'errors {\nconsolidate x a\n}',
      'Corefile:2 - Error during parsing: time: invalid duration "x"',
    ],
    [
      'a broken pattern',
      'errors {\nconsolidate 1s (\n}',
      'Corefile:2 - Error during parsing: error parsing regexp',
    ],
    [
      'a long pattern',
      `errors {\nconsolidate 1s ${'a'.repeat(10_001)}\n}`,
      'regex pattern too long: 10001 > 10000',
    ],
    ['an unknown level', 'errors {\nconsolidate 1s a fatal\n}', 'unknown option in consolidate: fatal'],
    [
      'a name of every object',
      'errors {\nconsolidate 1s a constructor\n}',
      'unknown option in consolidate: constructor',
    ],
    [
      'two levels',
      'errors {\nconsolidate 1s a info error\n}',
      'multiple log levels specified in consolidate',
    ],
    [
      'a level behind show_first',
      'errors {\nconsolidate 1s a show_first info\n}',
      'log level must come before show_first in consolidate',
    ],
  ])('refuses %s', (_case, corefile, message) => {
    expect(() => setUp(corefile)).toThrow(message);
  });
});
