/** A `forward` line as it is set up from a Corefile, started, with upstreams on loopback; stopped at the end of the test. */
import { onTestFinished } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { forward } from '../../../src/plugins/forward/setup.ts';
import { makeQuery } from '../../support/query.ts';
import { startScriptedUpstream } from '../../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream, ScriptedUpstreamOptions } from '../../support/scripted-upstream.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

export interface SetUpLine {
  readonly context: FakeContext;
  readonly handler: Handler;
  readonly ask: (name?: string, overrides?: Parameters<typeof makeQuery>[2]) => Promise<Outcome>;
}

/** A scripted upstream that the test's end closes; to be started before the line that asks it. */
export async function serve(
  script: Script,
  options: ScriptedUpstreamOptions = {},
): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(script, options);
  onTestFinished(() => upstream.close());
  return upstream;
}

/** @param corefile one or more `forward` directives */
export function setUpLine(corefile: string, context: FakeContext = fakeContext()): SetUpLine {
  const make = forward.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('forward has a handler');
  const handler = make(new LastHandler());
  onTestFinished(() => context.stop());
  return {
    context,
    handler,
    ask: (name = 'a.test.', overrides = {}) => Promise.resolve(handler.ask(makeQuery(name, 'A', overrides))),
  };
}

export async function startLine(corefile: string, context: FakeContext = fakeContext()): Promise<SetUpLine> {
  const line = setUpLine(corefile, context);
  await context.start();
  return line;
}
