/** The wall clock jumps ten years ahead, and twenty back: nothing that is measured or expires takes notice. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { drop, reply } from '../../support/scripted-upstream.ts';
import { count, startSetting } from './setting.ts';
import type { Setting } from './setting.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'jumping-clock.ts')).href;

const start = (): Promise<Setting> =>
  startSetting({
    script: ({ name }) => {
      if (name === 'silent.test.') return drop();
      return reply({ answers: [`@ ${name === 'short.test.' ? 2 : 300} IN A 192.0.2.1`] });
    },
    lines: 'log\ncache {\n success 1024 3600 0\n}',
    forward: 'read_timeout 1s',
    args: ['--log-format', 'json'],
    env: { NODE_OPTIONS: `--import ${PRELOAD}` },
  });

/** What the log takes for now. */
async function yearOf({ daemon, ask }: Setting): Promise<number> {
  const name = `year-${daemon.lines().length}.test`;
  const line = daemon.waitForLine(new RegExp(name));
  await ask(name);
  return Number(/"time":"([0-9]+)-/.exec(await line)?.[1]);
}

/** Jumps, and sees by the log that it did: a query may be served before the signal. @returns the year that it is now */
async function jump(setting: Setting): Promise<number> {
  const before = await yearOf(setting);
  let year = before;
  setting.daemon.signal('SIGUSR2');
  await eventually(async () => {
    year = await yearOf(setting);
    return Math.abs(year - before) > 1;
  });
  return year;
}

const ttlOf = (answer: readonly string[]): number => Number(answer[0]?.split(' ')[1]);

it('ages answers by the time that has passed, and by no other', async () => {
  const setting = await start();
  const { ask, upstream } = setting;
  const year = new Date().getFullYear();
  await ask('long.test');
  const asked = (name: string): number => upstream.queries.filter((query) => query.name === name).length;
  for (const years of [10, -10]) {
    // Around New Year the two may not agree.
    expect(Math.abs((await jump(setting)) - year - years)).toBeLessThanOrEqual(1);
    const { answer } = await ask('long.test');
    expect(ttlOf(answer)).toBeGreaterThan(270);
    expect(ttlOf(answer)).toBeLessThanOrEqual(300);
    expect(asked('long.test.')).toBe(1);
    // Answers of before and of now expire when their seconds are over, and not before.
    const before = asked('short.test.');
    const sinceMs = performance.now();
    await eventually(async () => {
      await ask('short.test');
      return asked('short.test.') === before + 2;
    });
    expect(performance.now() - sinceMs).toBeGreaterThan(1_000);
    expect(performance.now() - sinceMs).toBeLessThan(6_000);
  }
});

it('waits for upstreams as long as before, and shows no new start', async () => {
  const setting = await start();
  const { ask, daemon } = setting;
  const startedAt = (await setting.metrics()).sum('process_start_time_seconds');
  for (let jumps = 0; jumps < 2; jumps++) {
    await jump(setting);
    const sinceMs = performance.now();
    expect(await ask('silent.test')).toMatchObject({ rcode: 'SERVFAIL' });
    // Known to fail, the second time.
    if (jumps === 0) expect(performance.now() - sinceMs).toBeGreaterThan(900);
    expect(performance.now() - sinceMs).toBeLessThan(4_000);
    expect((await setting.metrics()).sum('process_start_time_seconds')).toBe(startedAt);
  }
  expect(count(daemon.lines(), /"level":"(?:warn|error)"/)).toBe(0);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});
