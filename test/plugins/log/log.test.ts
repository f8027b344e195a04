import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { Failure, Reply } from '../../../src/chain/outcome.ts';
import { log } from '../../../src/plugins/log/setup.ts';
import { NXDOMAIN, SERVFAIL } from '../../../src/wire/registry.ts';
import { makeQuery } from '../../support/query.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';

interface Chain {
  readonly handler: Handler;
  readonly context: FakeContext;
  readonly next: LastHandler;
  /** The lines that a query for this name causes. */
  readonly logged: (name: string) => string[];
}

function setUp(corefile: string): Chain {
  const context = fakeContext();
  const make = log.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('log has a handler');
  const next = new LastHandler();
  const handler = make(next);
  const logged = (name: string): string[] => {
    const before = context.logLines.length;
    void handler.ask(makeQuery(name, 'A'));
    return context.logLines.slice(before);
  };
  return { handler, context, next, logged };
}

const replyWith = (rcode: number): Reply =>
  new Reply(Uint8Array.of(0, 0, 0x80, rcode, 0, 0, 0, 0, 0, 0, 0, 0), 'x');

describe('log', () => {
  it('writes a line in the common format for every query when it is told nothing', () => {
    const { logged } = setUp('log');
    expect(logged('Example.org')).toEqual([
      expect.stringMatching(
        /^192\.0\.2\.53:40000 - 4660 "A IN example\.org\. udp 29 false 512" REFUSED qr,rd,ra 29 [\d.]+s$/,
      ),
    ]);
  });

  it('gives the outcome on as it is, at once when it is there at once', () => {
    const { handler, next } = setUp('log');
    next.outcome = new Failure(SERVFAIL, 'why', 'x');
    expect(handler.ask(makeQuery('example.org', 'A'))).toBe(next.outcome);
  });

  it('writes the line when the outcome comes, and measures till then', async () => {
    const { context, handler, next } = setUp('log . {rcode}:{duration}');
    const later = Promise.withResolvers<Failure>();
    next.outcome = later.promise;
    const pending = handler.ask(makeQuery('a.test', 'A', { receivedMs: context.clock.nowMs() }));
    expect(context.logLines).toEqual([]);
    context.clock.advance(1500);
    later.resolve(new Failure(SERVFAIL, 'why', 'x'));
    await pending;
    expect(context.logLines).toEqual(['SERVFAIL:1.5s']);
  });

  it('writes lines for the names that it is told, and those below', () => {
    const { logged } = setUp('log Example.org a.test {name}');
    expect(logged('example.org')).toEqual(['example.org.']);
    expect(logged('WWW.example.org')).toEqual(['www.example.org.']);
    expect(logged('a.test')).toEqual(['a.test.']);
    expect(logged('b.test')).toEqual([]);
    expect(logged('notexample.org')).toEqual([]);
  });

  it('uses the first rule that a name belongs to, and that one only', () => {
    const { logged } = setUp('log a.b.test 1{}\nlog b.test 2{} {\nclass denial\n}\nlog . 3{}');
    expect(logged('x.a.b.test')).toEqual(['1{}']);
    expect(logged('x.b.test')).toEqual([]);
    expect(logged('x.test')).toEqual(['3{}']);
  });

  it('takes the last of several arguments for a format only when it has a brace', () => {
    const { logged } = setUp('log a.test plain');
    expect(logged('x.plain')).toHaveLength(1);
    expect(logged('x.test')).toEqual([]);
  });

  it.each([
    ['all', ['NOERROR', 'NXDOMAIN', 'SERVFAIL']],
    ['success', ['NOERROR']],
    ['denial error', ['NXDOMAIN', 'SERVFAIL']],
    ['denial\nclass error', ['NXDOMAIN', 'SERVFAIL']],
    ['denial all', ['NOERROR', 'NXDOMAIN', 'SERVFAIL']],
  ])('writes lines for answers of class %s', (classes, expected) => {
    const { logged, next } = setUp(`log . {rcode} {\nclass ${classes}\n}`);
    const lines = [0, NXDOMAIN, SERVFAIL].flatMap((rcode) => {
      next.outcome = replyWith(rcode);
      return logged('example.org');
    });
    expect(lines).toEqual(expected);
  });
});

describe('the setup of log', () => {
  it('takes a lone argument for a name, even if it looks like a format, and says so', () => {
    const { context, logged } = setUp('log "{combined}"');
    expect(context.logLines).toEqual([
      `warn Corefile:1: '{combined}' is taken for a name; a format needs one in front of it, such as "."`,
    ]);
    expect(logged('example.org')).toEqual([]);
  });

  it('loads with a name that is none, and says that nothing is logged for it', () => {
    const { context, logged } = setUp('log a..b');
    expect(context.logLines).toEqual([`warn Corefile:1: 'a..b' is no name, so nothing is logged for it`]);
    expect(logged('example.org')).toEqual([]);
  });

  it.each([
    [
      'another property',
      'log {\nformat x\n}',
      "Corefile:2 - Error during parsing: unknown property 'format'",
    ],
    ['a class that is none', 'log {\nclass success Denial\n}', 'invalid Class: Denial'],
    ['no class', 'log {\nclass\n}', "Wrong argument count or unexpected line ending after 'class'"],
  ])('refuses %s', (_case, corefile, message) => {
    expect(() => setUp(corefile)).toThrow(message);
  });
});
