/**
 * The classes that a query log can be restricted to. The vocabulary is CoreDNS's; where an answer belongs follows `wire/classify.ts` and
 * the rcode, so that an NXDOMAIN is a denial with or without the SOA that would let it be kept.
 */
import { REPLY } from '../../chain/outcome.ts';
import type { Outcome } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { KIND_NODATA, classify } from '../../wire/classify.ts';
import { NOERROR, NXDOMAIN, TYPE_AXFR, TYPE_IXFR } from '../../wire/registry.ts';

export type AnswerClass = 'success' | 'denial' | 'error';

const CLASSES: readonly AnswerClass[] = ['success', 'denial', 'error'];

/** The class of this name, or undefined. */
export const answerClass = (name: string): AnswerClass | undefined => CLASSES.find((known) => known === name);

/** Zone transfers and silence count as errors, since they are neither an answer nor a denial. */
export function classOf(query: Query, outcome: Outcome): AnswerClass {
  if (outcome.kind !== REPLY) return 'error';
  if (outcome.rcode === NXDOMAIN) return 'denial';
  if (outcome.rcode !== NOERROR || query.type === TYPE_AXFR || query.type === TYPE_IXFR) return 'error';
  return classify(outcome.message, outcome.length).kind === KIND_NODATA ? 'denial' : 'success';
}
