import { describe, expect, it } from 'vitest';
import { health } from '../../../src/plugins/health/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

function setUp(text: string): FakeContext {
  const context = fakeContext();
  expect(health.setup(cursorOf(text), context)).toBeUndefined();
  return context;
}

const parsing = (line: number, error: string): string => `Corefile:${line} - Error during parsing: ${error}`;

describe('health', () => {
  it.each([
    { text: 'health', address: ':8080' },
    { text: 'health 127.0.0.1:9254', address: '127.0.0.1:9254' },
    { text: 'health localhost:0', address: 'localhost:0' },
  ])('is a page that says OK, whatever happens: $text', async ({ text, address }) => {
    const { routes } = setUp(text);
    expect(routes).toMatchObject([{ address, path: '/health' }]);
    expect(await routes[0].answer()).toEqual({
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      body: 'OK',
    });
  });

  it('has its metrics from the start', () => {
    const { metrics } = setUp('health');
    expect(metrics.value('coredns_health_request_failures_total')).toBe(0);
    expect(metrics.observed('coredns_health_request_duration_seconds')).toEqual([]);
  });

  it.each([
    { text: 'health', lameduckMs: 0 },
    { text: 'health {\n lameduck 5s\n}', lameduckMs: 5_000 },
    { text: 'health :9254 {\n lameduck 1m30s\n}', lameduckMs: 90_000 },
    { text: 'health {\n lameduck 0\n}', lameduckMs: 0 },
  ])('takes how long the daemon serves on when it was told to end: $text', ({ text, lameduckMs }) => {
    expect(setUp(text).settings.lameduckMs).toBe(lameduckMs);
  });

  it.each([
    { text: 'health :1 :2', error: parsing(1, "Wrong argument count or unexpected line ending after ':2'") },
    { text: 'health {\n slow\n}', error: parsing(2, "unknown property 'slow'") },
    {
      text: 'health {\n lameduck\n}',
      error: parsing(2, "Wrong argument count or unexpected line ending after 'lameduck'"),
    },
    {
      text: 'health {\n lameduck 5\n}',
      error: parsing(2, `unable to parse lameduck duration value: '5' : time: missing unit in duration "5"`),
    },
    { text: 'health 8080', error: 'address 8080: missing port in address' },
    { text: 'health :http', error: 'address :http: unknown port tcp/http' },
  ])('refuses: $text', ({ text, error }) => {
    expect(() => setUp(text)).toThrow(error);
  });
});
