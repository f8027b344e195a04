/** `rcode`: answers about some names that have one rcode get another. */
import { NOTIMP, rcodeCode } from '../../wire/registry.ts';
import { AnswerStep } from './answer-step.ts';
import { readNamed } from './named-rule.ts';
import type { Rule } from './rule.ts';

/** The last one that the registry has a name for. */
const MAX_RCODE = 23;

class ReplaceRcode extends AnswerStep {
  readonly renames = false;
  private readonly from: number;
  private readonly to: number;

  constructor(from: number, to: number) {
    super();
    this.from = from;
    this.to = to;
  }

  override rcode(rcode: number): number {
    return rcode === this.from ? this.to : rcode;
  }
}

/**
 * @param args behind `rcode`
 * @throws RangeError in CoreDNS's words
 */
export function rcodeRule(args: readonly string[]): Rule {
  return readNamed('rcode', args, 2, ([from = '', to = '']) => {
    const [oldRcode, newRcode] = [rcodeOf(from), rcodeOf(to)];
    if (oldRcode === undefined) throw new RangeError(`invalid matching RCODE '${from}' for a rcode rule`);
    if (newRcode === undefined) throw new RangeError(`invalid replacement RCODE '${to}' for a rcode rule`);
    return new ReplaceRcode(oldRcode, newRcode);
  });
}

/** A name in any case, or a number. */
function rcodeOf(text: string): number | undefined {
  if (/^[0-9]+$/.test(text) && Number(text) <= MAX_RCODE) return Number(text);
  const name = text.toUpperCase();
  return name === 'NOTIMPL' ? NOTIMP : rcodeCode(name);
}
