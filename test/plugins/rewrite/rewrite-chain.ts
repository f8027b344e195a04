/** `rewrite` in front of a handler that a test scripts, with a cache between them where one is wanted, and answers as clients see them. */
import type { Handler } from '../../../src/chain/handler.ts';
import { DROP } from '../../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../../src/chain/outcome.ts';
import { Query } from '../../../src/chain/query.ts';
import { render, renderedOctets } from '../../../src/chain/render.ts';
import { cache } from '../../../src/plugins/cache/setup.ts';
import { rewrite } from '../../../src/plugins/rewrite/setup.ts';
import { className, typeName } from '../../../src/wire/registry.ts';
import { makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { readReply } from '../../support/raw-message.ts';
import type { RawReply } from '../../support/raw-message.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

export interface RewriteChainOptions {
  readonly context?: FakeContext;
  /** Whether a cache stands behind `rewrite`. */
  readonly cached?: boolean;
}

export class RewriteChain implements Handler {
  readonly name = 'behind';
  readonly context: FakeContext;
  readonly handler: Handler;
  /** Every question that came through, as `NAME CLASS TYPE`. */
  readonly asked: string[] = [];
  /** What answers them. */
  script: (query: Query) => Pending;

  /** @param corefile the directives */
  constructor(
    corefile: string,
    spec: ReplySpec = {},
    { context = fakeContext(), cached = false }: RewriteChainOptions = {},
  ) {
    this.context = context;
    this.script = (query) => replyTo(query, spec, 'behind');
    const next = cached ? cache.setup(cursorOf('cache'), context)!(this) : this;
    this.handler = rewrite.setup(cursorOf(corefile), context)!(next);
  }

  ask(query: Query): Pending {
    this.asked.push(`${query.nameText} ${className(query.class)} ${typeName(query.type)}`);
    return this.script(query);
  }

  query(name: string, type: string, overrides: QueryOverrides = {}): Query {
    const { servers, clock } = this.context;
    const query = makeQuery(name, type, {
      server: servers[0],
      receivedMs: clock.nowMs(),
      transport: 'tcp',
      ...overrides,
    });
    return query;
  }

  /** What the client is sent, as if its datagram's memory were used again as soon as the handler waits. */
  async answer(name: string, type = 'A', overrides: QueryOverrides = {}): Promise<RawReply> {
    const query = this.query(name, type, overrides);
    const pending = this.handler.ask(query);
    if (pending instanceof Promise) {
      const { message } = query;
      query.detach();
      message.fill(0xff);
    }
    return sent(query, await pending);
  }
}

export function sent(query: Query, outcome: Outcome): RawReply {
  if (outcome.kind === DROP) throw new Error('silence');
  const out = new Uint8Array(renderedOctets(query, outcome));
  return readReply(out.subarray(0, render(query, outcome, out)));
}
