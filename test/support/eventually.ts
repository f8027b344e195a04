/** For what gives no event: looks again until it is so. The test's own time is the limit. */
import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 10;

/** Resolves when `isTrue` says so; rejects as it does. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await delay(EVERY_MS);
}
