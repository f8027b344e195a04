/**
 * Rounds of fuzzing within this process. A round is one damaged input for one target, both chosen by the seed and the number of the round,
 * so that any round can be run again by itself.
 */
import { checkCorefile, corefileInput } from './corefile-target.ts';
import { checkFrames, framesInput } from './frames-target.ts';
import { checkMessage, messageInput } from './message-target.ts';
import { checkQuery, queryInput } from './query-target.ts';
import { Random } from './random.ts';

export interface FuzzFailure {
  readonly round: number;
  readonly target: string;
  /** Text as it is; octets in hexadecimal. */
  readonly input: string;
  readonly error: unknown;
}

/** A round of a target: an input, and the check that throws when something does not hold. */
interface Target {
  readonly name: string;
  readonly run: (random: Random) => { readonly input: string; readonly check: () => void };
}

function octetTarget(
  name: string,
  makeInput: (random: Random) => Uint8Array,
  check: (input: Uint8Array, random: Random) => void,
): Target {
  return {
    name,
    run: (random) => {
      const input = makeInput(random);
      // The check gets a copy: whoever writes to its input would spoil what is told of the failure.
      return { input: Buffer.from(input).toString('hex'), check: () => check(input.slice(), random) };
    },
  };
}

const TARGETS: readonly Target[] = [
  octetTarget('query', queryInput, checkQuery),
  octetTarget('query', queryInput, checkQuery),
  octetTarget('message', messageInput, checkMessage),
  octetTarget('message', messageInput, checkMessage),
  octetTarget('frames', framesInput, checkFrames),
  {
    name: 'corefile',
    run: (random) => {
      const input = corefileInput(random);
      return { input, check: () => checkCorefile(input) };
    },
  },
];

/** Runs one round. Gives what went wrong, or undefined. */
export function fuzzRound(seed: number, round: number): FuzzFailure | undefined {
  const random = new Random(seed, round);
  const target = random.pick(TARGETS);
  const { input, check } = target.run(random);
  try {
    check();
    return undefined;
  } catch (error) {
    return { round, target: target.name, input, error };
  }
}

/** Runs rounds 0 to `rounds`-1, to the first failure. */
export function fuzzRounds(seed: number, rounds: number): FuzzFailure | undefined {
  for (let round = 0; round < rounds; round++) {
    const failure = fuzzRound(seed, round);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** A failure as text, with the way to see it again. */
export function describeFailure(seed: number, { round, target, input, error }: FuzzFailure): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${target}: ${what}\ninput: ${input}\nagain: npm run fuzz -- --seed ${seed} --round ${round}`;
}
