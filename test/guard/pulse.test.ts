import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pulse } from '../../src/guard/pulse.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([
  { probeMs: 250, probesAt: [250, 500, 750, 1000, 1250], beatsAt: [500, 1000] },
  { probeMs: 50, probesAt: Array.from({ length: 25 }, (_, index) => (index + 1) * 50), beatsAt: [500, 1000] },
  { probeMs: 300, probesAt: [300, 600, 900, 1200], beatsAt: [300, 600, 900, 1200] },
  { probeMs: 700, probesAt: [700], beatsAt: [350, 700, 1050] },
  { probeMs: 1200, probesAt: [1200], beatsAt: [400, 800, 1200] },
])('probes each $probeMs ms and beats at least each 500 ms, with one timer', async (row) => {
  const probes: number[] = [];
  const beats: number[] = [];
  const beganMs = Date.now();
  const pulse = new Pulse({
    probeMs: row.probeMs,
    beatMs: 500,
    probe: () => probes.push(Date.now() - beganMs),
    beat: () => beats.push(Date.now() - beganMs),
  });
  pulse.start();
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1_250);
  expect({ probes, beats }).toEqual({ probes: row.probesAt, beats: row.beatsAt });
  pulse.stop();
  expect(vi.getTimerCount()).toBe(0);
});
