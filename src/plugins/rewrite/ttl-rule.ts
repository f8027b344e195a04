/** `ttl`: the records of answers about some names get a TTL, or one within bounds. */
import { AnswerStep } from './answer-step.ts';
import { readNamed } from './named-rule.ts';
import type { Rule } from './rule.ts';

/** The largest TTL (RFC 2181 section 8), and what an open end of a range stands for. */
const MAX_TTL_SECONDS = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;

class BoundTtl extends AnswerStep {
  readonly renames = false;
  private readonly minSeconds: number;
  private readonly maxSeconds: number;

  constructor(minSeconds: number, maxSeconds: number) {
    super();
    this.minSeconds = minSeconds;
    this.maxSeconds = maxSeconds;
  }

  override ttl(seconds: number): number {
    return Math.min(Math.max(seconds, this.minSeconds), this.maxSeconds);
  }
}

/**
 * @param args behind `ttl`
 * @throws RangeError in CoreDNS's words
 */
export function ttlRule(args: readonly string[]): Rule {
  return readNamed('ttl', args, 1, ([text = '']) => {
    const bounds = ttlBounds(text);
    if (bounds === undefined) throw new RangeError(`invalid TTL '${text}' for a ttl rule`);
    return new BoundTtl(...bounds);
  });
}

/** `30`, `30-60`, `30-` or `-60`: the smallest and the largest of it, in seconds; undefined for anything else. */
function ttlBounds(text: string): [number, number] | undefined {
  const [, first, dash, last] = /^([0-9]*)(-?)([0-9]*)$/.exec(text) ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  const min = Number(first);
  const max = dash === '' ? min : last === '' ? MAX_TTL_SECONDS : Number(last);
  return min <= max && max <= MAX_UINT32 ? [min, max] : undefined;
}
