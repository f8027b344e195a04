/**
 * What this process says of itself to a probe (`wire/probe.ts`): which start of the daemon it is, and whether it goes on serving. Who asks,
 * and what follows from the answer, is the guard's business.
 */
import { randomUUID } from 'node:crypto';
import { Reply } from '../chain/outcome.ts';
import type { Log } from '../observe/log-types.ts';
import { INSTANCE_PATTERN, probeAnswer } from '../wire/probe.ts';

/** Environment variable by which a parent names its child, and the first process its workers. */
export const INSTANCE_VARIABLE = 'NODELOCALDNS_INSTANCE';

const SOURCE = 'serve';

export class Presence {
  readonly instance: string;
  /** The answer to a probe, as it is now. */
  reply: Reply;

  /** @param instance matches `INSTANCE_PATTERN` */
  constructor(instance: string) {
    this.instance = instance;
    this.reply = new Reply(probeAnswer(instance, 'serving'), SOURCE);
  }

  /** From now on: a stop has begun. */
  beginDraining(): void {
    this.reply = new Reply(probeAnswer(this.instance, 'draining'), SOURCE);
  }
}

/**
 * The name that the environment gives this start, or a random one. The latter is put into the environment, so that processes which this one
 * starts for the same task go by the same name.
 */
export function presenceIn(environment: NodeJS.ProcessEnv, log: Log): Presence {
  const given = environment[INSTANCE_VARIABLE];
  if (given !== undefined && INSTANCE_PATTERN.test(given)) return new Presence(given);
  if (given !== undefined) {
    log.warn(
      `${INSTANCE_VARIABLE}: want 1 to 64 letters, digits or dashes, got ${JSON.stringify(given)}: ignored`,
    );
  }
  const instance = randomUUID();
  environment[INSTANCE_VARIABLE] = instance;
  return new Presence(instance);
}
