/** A cache in front of a handler that a test scripts, and answers as clients see them. */
import type { Handler } from '../../../src/chain/handler.ts';
import { DROP } from '../../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { render, renderedOctets } from '../../../src/chain/render.ts';
import { cache } from '../../../src/plugins/cache/setup.ts';
import { makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { readReply } from '../../support/raw-message.ts';
import type { RawReply } from '../../support/raw-message.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

/** What stands behind the cache. */
export class Behind implements Handler {
  readonly name = 'behind';
  /** Every query that came through, as `name type`. */
  readonly asked: string[] = [];
  script: (query: Query) => Pending;

  constructor(script: Behind['script']) {
    this.script = script;
  }

  ask(query: Query): Pending {
    this.asked.push(`${query.nameText} ${query.type}`);
    return this.script(query);
  }
}

export class CacheChain {
  readonly context: FakeContext;
  readonly behind: Behind;
  readonly handler: Handler;

  /**
   * @param corefile the directive
   * @param spec what is behind the cache answers, until `behind.script` is set
   */
  constructor(corefile = 'cache', spec: ReplySpec = {}, context = fakeContext()) {
    this.context = context;
    this.behind = new Behind((query) => replyTo(query, spec, 'behind'));
    const make = cache.setup(cursorOf(corefile), context);
    if (make === undefined) throw new Error('cache has a handler');
    this.handler = make(this.behind);
  }

  /** What is behind answers this from now on. */
  answer(spec: ReplySpec): void {
    this.behind.script = (query) => replyTo(query, spec, 'behind');
  }

  outcome(name = 'a.test.', type = 'A', overrides: QueryOverrides = {}): Pending {
    return this.handler.ask(this.query(name, type, overrides));
  }

  /** As a listener reads it now. */
  private query(name: string, type: string, overrides: QueryOverrides): Query {
    const { servers, clock } = this.context;
    return makeQuery(name, type, { server: servers[0], receivedMs: clock.nowMs(), ...overrides });
  }

  /** What a client of TCP is sent. */
  async ask(name = 'a.test.', type = 'A', overrides: QueryOverrides = {}): Promise<RawReply> {
    const query = this.query(name, type, { transport: 'tcp', ...overrides });
    return sent(query, await this.handler.ask(query));
  }

  /** Where the answer came from: `cache`, or what is behind it. */
  async source(name = 'a.test.', type = 'A', overrides: QueryOverrides = {}): Promise<string> {
    const outcome = await this.outcome(name, type, overrides);
    return outcome.kind === DROP ? '' : outcome.source;
  }

  /** Whether this question is answered from memory for exactly so long after it was kept. */
  async livesFor(seconds: number, name = 'a.test.', type = 'A'): Promise<boolean> {
    await this.outcome(name, type);
    this.context.clock.advance(seconds * 1000 - 1);
    const before = await this.source(name, type);
    this.context.clock.advance(1);
    return before === 'cache' && (await this.source(name, type)) === 'behind';
  }
}

function sent(query: Query, outcome: Outcome): RawReply {
  if (outcome.kind === DROP) throw new Error('silence');
  const out = new Uint8Array(renderedOctets(query, outcome));
  return readReply(out.subarray(0, render(query, outcome, out)));
}

/** TTLs of a reply's records, section after section. */
export const ttlsOf = ({ answer, authority, additional }: RawReply): number[] =>
  [...answer, ...authority, ...additional].map((line) => Number(line.split(' ')[1]));

export const SOA = (ttl: number, minimum: number): string =>
  `test. ${ttl} IN SOA ns.test. admin.test. 1 7200 3600 86400 ${minimum}`;
