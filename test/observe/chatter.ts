/**
 * A process that logs much more than anybody reads, for `log-output.test.ts`. It goes through turns of its event loop, then tells on its
 * standard error what became of the lines, and ends by `process.exit`, which waits for writes that hang.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { createLog } from '../../src/observe/log.ts';
import { openLogOutput, writesComeBack } from '../../src/observe/log-output.ts';
import { LogRing } from '../../src/observe/ring.ts';

const TURNS = 50;
const LINES_PER_TURN = 400;
const EXIT_CODE = 7;

const fd = openLogOutput(1);
const ring = new LogRing(fd);
const log = createLog({ format: 'text', ring, debug: false });

for (let turn = 0; turn < TURNS; turn++) {
  for (let line = 0; line < LINES_PER_TURN; line++) log.info(`${turn} ${line} ${'x'.repeat(80)}`);
  await setTimeout(1);
}
ring.flushSync(100);
const report = { lines: TURNS * LINES_PER_TURN, dropped: ring.dropped, comesBack: writesComeBack(fd), fd };
writeSync(2, `${JSON.stringify(report)}\n`);
process.exit(EXIT_CODE);
