/** What probing over UDP and over TCP have in common: one question at a time from here to one address, and what its end is. */
import { codeOf } from '../base/error-message.ts';
import { readProbeAnswer } from '../wire/probe.ts';

/** How a question ended. */
export interface Verdict {
  readonly outcome: 'good' | 'draining' | 'failed';
  /** Of a probe that failed: `no answer`, `connection refused`, an error's code, … */
  readonly why?: string;
}

export interface LineOptions {
  readonly address: string;
  readonly dnsPort: number;
  /** Only its answers count; undefined for any server of ours. */
  readonly instance: string | undefined;
  /** Gives the port that the next socket leaves from. */
  readonly takePort: () => number;
}

export interface ProbeLine {
  /** Never rejects. Whatever was asked before has ended. */
  ask(): Promise<Verdict>;
  /** Ends what waits for an answer. */
  giveUp(): void;
  /** Closes what is kept open. */
  close(): void;
}

export const NO_ANSWER: Verdict = { outcome: 'failed', why: 'no answer' };
const WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
]);

/** @returns undefined for octets that answer nothing. @param id of the question */
export function judge(message: Uint8Array, id: number, instance: string | undefined): Verdict | undefined {
  const answer = readProbeAnswer(message, message.length, id);
  if (answer === undefined) return undefined;
  if (instance !== undefined && answer.instance !== instance) {
    return { outcome: 'failed', why: `another server answers: ${answer.instance}` };
  }
  if (answer.state === 'other') return { outcome: 'failed', why: 'the server is in an unknown state' };
  return { outcome: answer.state === 'serving' ? 'good' : 'draining' };
}

export function failure(error: Error): Verdict {
  const code = codeOf(error) ?? error.message;
  return { outcome: 'failed', why: WORDS.get(code) ?? code };
}
