/** What a `forward` line tells other plugins of its block about an upstream: how to ask it directly, and how to keep clients' questions from it. */
import type { OfferedUpstream, SetupContext } from '../../chain/plugin.ts';
import type { Question } from '../../wire/ask-message.ts';
import { makeAsk } from '../../upstream/upstream.ts';
import type { ForwardOptions } from './options.ts';
import { QUERY_DEADLINE_MS } from './tries.ts';
import type { Target } from './tries.ts';

/**
 * @param label address and port as written
 * @param targetsNow the upstream, or all that a host name stands for at the moment
 */
export function offer(
  label: string,
  targetsNow: () => readonly Target[],
  options: ForwardOptions,
  { clock, log }: SetupContext,
): OfferedUpstream {
  const ask = (question: Question, { upstream }: Target): Promise<unknown> =>
    upstream.exchange(
      makeAsk(question, { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: true }),
      options.forceTcp ? 'tcp' : 'udp',
      clock.nowMs() + Math.min(options.readTimeoutMs, QUERY_DEADLINE_MS),
    );
  return {
    label,
    ask: (question) => firstAnswer(targetsNow().map((target) => ask(question, target))),
    quarantine(reason) {
      const targets = targetsNow().filter(({ quarantined }) => !quarantined);
      if (targets.length === 0) return;
      for (const target of targets) target.quarantined = true;
      log.error(`${label} is not asked any more: ${reason}`);
    },
    release() {
      const targets = targetsNow().filter(({ quarantined }) => quarantined);
      if (targets.length === 0) return;
      for (const target of targets) target.quarantined = false;
      log.info(`${label} is asked again`);
    },
  };
}

/** An answer, or else the first failure, when all of them are there: what a question sets off anywhere has happened by then. */
async function firstAnswer(answers: readonly Promise<unknown>[]): Promise<unknown> {
  const [first] = answers;
  if (first === undefined) throw new Error('no address is known yet');
  const outcomes = await Promise.allSettled(answers);
  const answered = outcomes.find(({ status }) => status === 'fulfilled');
  return answered?.status === 'fulfilled' ? answered.value : first;
}
