/** `rewrite`: reads the rules of a block, in their order. */
import { goQuote } from '../../base/go-quote.ts';
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { told } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { cnameRule } from './cname-rule.ts';
import { edns0Rule } from './edns0-rule.ts';
import { nameRule } from './name-rule.ts';
import { classRule, typeRule } from './question-rules.ts';
import { rcodeRule } from './rcode-rule.ts';
import { RewriteHandler } from './rewrite.ts';
import type { PlacedRule, Rule } from './rule.ts';
import { ttlRule } from './ttl-rule.ts';

const FIELDS: ReadonlyMap<string, (args: readonly string[]) => Rule> = new Map([
  ['name', nameRule],
  ['class', classRule],
  ['type', typeRule],
  ['edns0', edns0Rule],
  ['ttl', ttlRule],
  ['cname', cnameRule],
  ['rcode', rcodeRule],
]);

export const rewrite: Plugin = {
  name: 'rewrite',
  setup(cursor, context): MakeHandler {
    const rules: PlacedRule[] = [];
    while (cursor.next()) rules.push(readRule(cursor));
    return (next) => new RewriteHandler(next, rules, (query, question) => context.resolve(query, question));
  },
};

/** `rewrite [continue|stop] FIELD ARG...`; what stands in a block goes on where the line ends. */
function readRule(cursor: Cursor): PlacedRule {
  const args = cursor.remainingArgs();
  if (args.length < 2) while (cursor.nextBlock()) args.push(cursor.value);
  return told(
    cursor,
    () => placedRule(args),
    (reason) => reason,
  );
}

function placedRule(args: readonly string[]): PlacedRule {
  const [first, ...rest] = args;
  if (first === undefined) throw new RangeError('no rule type specified for rewrite');
  const mode = first.toLowerCase();
  if (mode !== 'continue' && mode !== 'stop') return { rule: ruleOf(args), stops: true };
  if (rest.length === 0) throw new RangeError(`${mode} rule must begin with a rule type`);
  return { rule: ruleOf(rest), stops: mode === 'stop' };
}

function ruleOf([field, ...args]: readonly string[]): Rule {
  const name = field.toLowerCase();
  if (name === 'answer') throw new RangeError('response rewrites must begin with a name rule');
  const read = FIELDS.get(name);
  if (read === undefined) throw new RangeError(`invalid rule type ${goQuote(field)}`);
  return read(args);
}
