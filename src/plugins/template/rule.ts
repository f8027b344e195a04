/** One `template` directive: which queries it is for, and what it answers. */
import type { Pattern } from '../../base/pattern.ts';
import type { Fallthrough } from '../../chain/fallthrough.ts';
import type { Zone } from '../../chain/identity.ts';
import type { Query } from '../../chain/query.ts';
import { matchZone } from '../../chain/zones.ts';
import type { ExtendedError } from '../../wire/edns.ts';
import { CLASS_ANY, TYPE_ANY } from '../../wire/registry.ts';
import type { RecordTemplate } from './record-template.ts';

export interface Rule {
  readonly zones: readonly Zone[];
  /** CLASS_ANY and TYPE_ANY stand for all; so do they in a query. */
  readonly class: number;
  readonly type: number;
  /** Any of them has to match the name; none stands for `.*`. */
  readonly patterns: readonly Pattern[];
  /** In the order of sections. */
  readonly records: readonly RecordTemplate[];
  readonly rcode: number;
  readonly extendedError: ExtendedError | undefined;
  readonly fallthrough: Fallthrough;
}

/** The longest zone of the rule that holds the name, if class and type are the rule's as well. */
export function ruleZone(rule: Rule, query: Query): Zone | undefined {
  if (rule.class !== CLASS_ANY && query.class !== CLASS_ANY && query.class !== rule.class) return undefined;
  if (rule.type !== TYPE_ANY && query.type !== TYPE_ANY && query.type !== rule.type) return undefined;
  return matchZone(rule.zones, query.foldedName, query.nameLength);
}
