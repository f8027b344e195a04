import { expect, it } from 'vitest';
import { guardRoutes } from '../../src/guard/pages.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import type { FamilySnapshot } from '../../src/observe/metrics.ts';
import type { HttpAnswer } from '../../src/observe/http-types.ts';
import { takeSnapshot } from '../../src/observe/snapshot.ts';

async function ask(path: string, lacking: readonly string[]): Promise<HttpAnswer | undefined> {
  const metrics = new MetricRegistry();
  metrics.counter('nodelocaldns_guard_x_total', 'help').with().value = 4;
  const numbers = async (): Promise<FamilySnapshot[]> => Promise.resolve(takeSnapshot(metrics));
  const routes = guardRoutes(':9353', { notReady: () => lacking }, numbers);
  return await routes.find((route) => route.path === path)?.answer();
}

const LACKING = ['192.0.2.1: fallback: the server has ended', '192.0.2.2: proving: waiting'];

it('says that the guard runs, whatever it finds', async () => {
  expect(await ask('/health', LACKING)).toMatchObject({ status: 200, body: 'OK\n' });
});

it('is ready when nothing is lacking, and says what is', async () => {
  expect(await ask('/ready', [])).toMatchObject({ status: 200, body: 'OK\n' });
  expect(await ask('/ready', LACKING)).toMatchObject({ status: 503, body: `${LACKING.join('\n')}\n` });
});

it('shows the numbers that it is given', async () => {
  const page = await ask('/metrics', []);
  expect(page).toMatchObject({ status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8' });
  expect(page?.body).toMatch(/^nodelocaldns_guard_x_total 4$/m);
  expect(page?.body).toMatch(/^process_cpu_seconds_total /m);
});
