/**
 * The first look at a host: what stands there from before. Where it holds a lease and its server answers, it is left as it is, so that the
 * guard can be replaced under load; everything else is disarmed, or put anew, in one transaction.
 */
import type { Clock } from '../base/clock.ts';
import type { Rules, RulesState } from '../host/rules.ts';
import type { Prober } from './prober.ts';
import { ADOPTION_MS } from './timing.ts';

/** Between two probes of one address. */
const PAUSE_MS = 50;
/** The longest that an answer is waited for. */
const PATIENCE_MS = 200;

/** @returns the addresses that stay armed. @throws HostError as the rules do */
export async function adopt(rules: Rules, prober: Prober, clock: Clock): Promise<string[]> {
  const state = await rules.inspect();
  if (state.standing !== 'complete') {
    await rules.install([]);
    return [];
  }
  const answering = await answeringOf(state, prober, clock);
  const rest = state.armed.filter((address) => !answering.includes(address));
  if (rest.length > 0) await rules.disarm(rest);
  return answering;
}

/** Of the addresses that hold a lease, those whose server answers within `ADOPTION_MS`. */
async function answeringOf({ armed, live }: RulesState, prober: Prober, clock: Clock): Promise<string[]> {
  const held = armed.filter((address) => live.includes(address));
  const endMs = clock.nowMs() + ADOPTION_MS;
  const timer = setInterval(() => prober.giveUp(), PATIENCE_MS);
  const answers = await Promise.all(held.map((address) => answersBefore(endMs, address, prober, clock)));
  clearInterval(timer);
  return held.filter((_, index) => answers[index]);
}

async function answersBefore(endMs: number, address: string, prober: Prober, clock: Clock): Promise<boolean> {
  for (;;) {
    const { outcome } = await prober.ask('udp', address);
    if (outcome === 'good') return true;
    if (outcome === 'draining' || clock.nowMs() + PAUSE_MS >= endMs) return false;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
