/** Whoever should read the log has gone, or reads no more: queries are answered, lines are lost and counted, and it is said later how many. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fifo } from '../../observe/fifo.ts';
import { eventually } from '../../support/eventually.ts';
import { processorMs, startSetting } from './setting.ts';
import type { Setting } from './setting.ts';

const DROPPED = 'nodelocaldns_log_dropped_total';
/** Into a pipe that somebody has open for reading; the command behind it becomes the daemon. */
const INTO_PIPE = ['sh', '-c', 'pipe=$1; shift; exec "$@" >"$pipe" 2>&1', 'sh'];

/** How each format says that lines were lost. */
const FORMATS: readonly (readonly [string, RegExp])[] = [
  ['text', /^\[WARNING\] ([0-9]+) log lines? dropped$/],
  ['json', /^\{"level":"warn","time":"[^"]+","msg":"([0-9]+) log lines? dropped"\}$/],
];

function openFifo(): Fifo {
  const fifo = new Fifo();
  onTestFinished(() => fifo.remove());
  return fifo;
}

const startLoud = (fifo: Fifo, format: string): Promise<Setting> =>
  startSetting({
    lines: 'log\ncache 300',
    args: ['--log-format', format],
    prefix: [...INTO_PIPE, fifo.path],
    silent: true,
  });

/** Asks, one after the other, until lines were lost; every query is answered. @returns how many were asked */
async function askUntilLinesAreLost({ ask, metrics }: Setting): Promise<number> {
  let asked = 0;
  while ((await metrics()).sum(DROPPED) < 100) {
    for (let i = 0; i < 500; i++, asked++) {
      const { rcode } = await ask(`long-line-${'x'.repeat(50)}.${i % 10}.test`);
      if (rcode !== 'NOERROR') throw new Error(`query ${asked} got ${rcode}`);
    }
  }
  return asked;
}

describe.each(FORMATS)('the log as %s', (format, lossLine) => {
  const lossOf = (lines: readonly string[]): number =>
    lines.reduce((sum, line) => sum + Number(lossLine.exec(line)?.[1] ?? 0), 0);

  it('whose reader stops reading costs lines, which are counted and told', async () => {
    const fifo = openFifo();
    const reader = fifo.openReader();
    const setting = await startLoud(fifo, format);
    await askUntilLinesAreLost(setting);
    const lost = (await setting.metrics()).sum(DROPPED);
    await reader.until((text) => text.split('\n').some((line) => lossLine.test(line)));
    expect(lossOf(reader.lines)).toBe(lost);
    await setting.ask('afterwards.test');
    await reader.until((text) => text.includes('afterwards.test'));
    expect((await setting.metrics()).sum(DROPPED)).toBe(lost);
  });

  it('whose reader is gone costs lines, and the next reader gets what was kept and what follows', async () => {
    const fifo = openFifo();
    const fd = fifo.holdOpen();
    const setting = await startLoud(fifo, format);
    fifo.close(fd);
    const began = processorMs(setting.daemon.pid);
    const asked = await askUntilLinesAreLost(setting);
    // Some 0.1 ms for a query with its line; a write that fails for each line would be seen.
    expect((processorMs(setting.daemon.pid) - began) / asked).toBeLessThan(2);
    const reader = fifo.openReader();
    await reader.until((text) => text.split('\n').some((line) => lossLine.test(line)));
    await setting.ask('afterwards.test');
    await reader.until((text) => text.includes('afterwards.test'));
    // Told in pieces, as room was found; none is forgotten.
    await eventually(async () => lossOf(reader.lines) === (await setting.metrics()).sum(DROPPED));
    expect(reader.lines.some((line) => line.includes('long-line-x'))).toBe(true);
    setting.daemon.signal('SIGTERM');
    expect(await setting.daemon.ended).toEqual({ code: 0, signal: null });
  });
});
