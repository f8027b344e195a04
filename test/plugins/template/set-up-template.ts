/** A template plugin with nothing behind it, to be asked by a test. */
import type { Handler } from '../../../src/chain/handler.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { template } from '../../../src/plugins/template/setup.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import type { DecodedReply, QueryOverrides } from '../../support/query.ts';

export interface Setup {
  handler: Handler;
  next: LastHandler;
  context: FakeContext;
  ask: (name: string, type: string, overrides?: QueryOverrides) => Promise<Outcome>;
  answer: (name: string, type: string, overrides?: QueryOverrides) => Promise<DecodedReply>;
}

export function setUp(text: string, context = fakeContext()): Setup {
  const next = new LastHandler();
  const handler = template.setup(cursorOf(text), context)!(next);
  const ask = async (name: string, type: string, overrides?: QueryOverrides): Promise<Outcome> =>
    handler.ask(makeQuery(name, type, { server: context.servers[0], ...overrides }));
  return {
    handler,
    next,
    context,
    ask,
    answer: async (name, type, overrides) => decodeOutcome(await ask(name, type, overrides)),
  };
}
