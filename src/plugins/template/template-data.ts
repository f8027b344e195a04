/** What templates see of a query: `.Zone`, `.Name`, `.Match` and the others, by the names that CoreDNS gives them. */
import type { Query } from '../../chain/query.ts';
import { AD } from '../../wire/header.ts';
import { nameToText } from '../../wire/name.ts';
import { className, typeName } from '../../wire/registry.ts';
import type { Fields, Scope } from './go-template.ts';
import type { Value } from './go-value.ts';
import type { Matched } from './metrics.ts';

const QUESTION: Fields = new Map([
  ['Name', undefined],
  ['Qtype', undefined],
  ['Qclass', undefined],
]);
const MESSAGE: Fields = new Map([
  ['Id', undefined],
  ['RecursionDesired', undefined],
  ['AuthenticatedData', undefined],
  ['CheckingDisabled', undefined],
  ['Question', undefined],
]);

export const TEMPLATE_SCOPE: Scope = {
  fields: new Map<string, Fields | undefined>([
    ['Zone', undefined],
    ['Name', undefined],
    ['Class', undefined],
    ['Type', undefined],
    ['Match', undefined],
    ['Group', undefined],
    ['Remote', undefined],
    ['Question', QUESTION],
    ['Message', MESSAGE],
  ]),
  // Without the metadata plugin, which CoreDNS has and this daemon has not, every label is empty.
  methods: new Map([['Meta', { fewest: 1, most: 1, call: () => '' }]]),
};

export type TemplateData = ReadonlyMap<string, Value>;

/**
 * @param match the whole match and its groups
 * @param groupNames indexes in `match` of the groups that have a name
 */
export function templateData(
  query: Query,
  matched: Matched,
  match: readonly string[],
  groupNames: ReadonlyMap<string, number>,
): TemplateData {
  const group = new Map(match.map((text, index) => [String(index), text]));
  for (const [name, index] of groupNames) group.set(name, match[index]);
  const question = new Map<string, Value>([
    ['Name', nameToText(query.nameAsAsked)],
    ['Qtype', BigInt(query.type)],
    ['Qclass', BigInt(query.class)],
  ]);
  const message = new Map<string, Value>([
    ['Id', BigInt(query.id)],
    ['RecursionDesired', query.recursionDesired],
    ['AuthenticatedData', (query.flags & AD) !== 0],
    ['CheckingDisabled', query.checkingDisabled],
    ['Question', [question]],
  ]);
  return new Map<string, Value>([
    ['Zone', matched.zone.text],
    ['Name', query.nameText],
    ['Class', className(matched.class)],
    ['Type', typeName(matched.type)],
    ['Match', match],
    ['Group', group],
    ['Remote', query.clientAddress],
    ['Question', question],
    ['Message', message],
  ]);
}
