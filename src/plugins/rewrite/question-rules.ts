/** `type` and `class`: another type or class is asked for. The client sees its own question again, and the records as they came. */
import { goQuote } from '../../base/go-quote.ts';
import { classCode, typeCode } from '../../wire/registry.ts';
import type { Rule } from './rule.ts';

/**
 * @param args behind `type`
 * @throws RangeError in CoreDNS's words
 */
export function typeRule(args: readonly string[]): Rule {
  const [from, to] = readPair('type', args, typeCode);
  return {
    apply: (draft) => {
      if (draft.type !== from) return false;
      draft.type = to;
      return true;
    },
  };
}

/**
 * @param args behind `class`
 * @throws RangeError in CoreDNS's words
 */
export function classRule(args: readonly string[]): Rule {
  const [from, to] = readPair('class', args, classCode);
  return {
    apply: (draft) => {
      if (draft.class !== from) return false;
      draft.class = to;
      return true;
    },
  };
}

function readPair(
  field: string,
  args: readonly string[],
  codeOf: (name: string) => number | undefined,
): number[] {
  if (args.length !== 2) throw new RangeError(`${field} rules must have exactly two arguments`);
  return args.map((arg) => {
    const name = arg.toUpperCase();
    const code = codeOf(name);
    if (code === undefined) throw new RangeError(`invalid ${field} ${goQuote(name)}`);
    return code;
  });
}
