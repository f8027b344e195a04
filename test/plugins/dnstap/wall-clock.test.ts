import { expect, it } from 'vitest';
import { WallClock } from '../../../src/plugins/dnstap/wall-clock.ts';
import { FakeClock } from '../../support/setup-context.ts';

function start(): { clock: FakeClock; wall: WallClock; day: { ms: number } } {
  const clock = new FakeClock();
  const day = { ms: 1_700_000_000_000 };
  return { clock, day, wall: new WallClock(clock, () => day.ms) };
}

it('tells the time of day of a moment, with its fraction', () => {
  const { clock, wall, day } = start();
  expect(wall.at(clock.nowMs() + 1.25)).toBe(day.ms + 1.25);
});

it('tells the same time of the same moment though the clocks are read apart', () => {
  const { clock, wall, day } = start();
  const moment = clock.nowMs();
  const before = wall.at(moment);
  clock.advance(1_000);
  day.ms += 1_001;
  expect(wall.at(moment)).toBe(before);
});

it('follows the time of day when that is set, within a second', () => {
  const { clock, wall, day } = start();
  day.ms += 3_600_000;
  clock.advance(1_000);
  expect(wall.at(clock.nowMs())).toBe(day.ms);
});
