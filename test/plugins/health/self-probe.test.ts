import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { health } from '../../../src/plugins/health/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

const DURATION = 'coredns_health_request_duration_seconds';
const FAILURES = 'coredns_health_request_failures_total';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

interface Probing {
  readonly context: FakeContext;
  readonly server: Server;
  readonly port: number;
  /** Requests so far, as `METHOD PATH`. */
  readonly requests: string[];
}

/** A page of ours, and the directive that asks it. */
async function probing(answer: RequestListener, host = '127.0.0.1'): Promise<Probing> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const context = fakeContext();
  health.setup(cursorOf(`health ${host}:${port}`), context);
  onTestFinished(async () => {
    await context.stop();
    server.close();
  });
  await context.start();
  return { context, server, port, requests };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn();
}

const observed = (context: FakeContext): readonly number[] => context.metrics.observed(DURATION) ?? [];

describe('the self-probe of health', () => {
  it('asks its own page once a second, over one connection', async () => {
    const { context, server, requests } = await probing((_, response) => void response.end('OK'));
    let connections = 0;
    server.on('connection', () => connections++);
    expect(requests).toEqual([]);
    for (let i = 1; i <= 3; i++) {
      vi.advanceTimersByTime(1_000);
      await until(() => observed(context).length === i);
    }
    expect(requests).toEqual(['GET /health', 'GET /health', 'GET /health']);
    expect(connections).toBe(1);
    expect(context.metrics.value(FAILURES)).toBe(0);
    expect(context.logLines).toEqual([]);
  });

  it('keeps how long it took, and says so in the log when it was long', async () => {
    const tookMs = [1_000, 1_001];
    const { context, port } = await probing((_, response) => {
      context.clock.advance(tookMs.shift() ?? 0);
      response.end('OK');
    });
    vi.advanceTimersByTime(1_000);
    await until(() => observed(context).length === 1);
    expect(context.logLines).toEqual([]);
    vi.advanceTimersByTime(1_000);
    await until(() => observed(context).length === 2);
    expect(observed(context)).toEqual([1, 1.001]);
    expect(context.logLines).toEqual([
      `warn Local health request to "http://127.0.0.1:${port}/health" took more than 1s: 1001ms`,
    ]);
  });

  it('counts and logs what fails', async () => {
    const { context, port } = await probing((request) => request.socket.destroy());
    vi.advanceTimersByTime(1_000);
    await until(() => context.metrics.value(FAILURES) === 1);
    expect(observed(context)).toEqual([]);
    expect(context.logLines).toEqual([
      `warn Local health request to "http://127.0.0.1:${port}/health" failed: socket hang up`,
    ]);
  });

  it('counts each failure, and says once that it fails and once that it does so no more', async () => {
    let isBroken = true;
    const { context } = await probing((request, response) => {
      if (isBroken) request.socket.destroy();
      else response.end('OK');
    });
    for (let i = 1; i <= 3; i++) {
      vi.advanceTimersByTime(1_000);
      await until(() => context.metrics.value(FAILURES) === i);
    }
    isBroken = false;
    for (let i = 1; i <= 2; i++) {
      vi.advanceTimersByTime(1_000);
      await until(() => observed(context).length === i);
    }
    expect(context.logLines).toEqual([
      expect.stringMatching(/^warn .* failed: socket hang up$/),
      expect.stringMatching(/^info .* succeeds again$/),
    ]);
  });

  it.each(['', '0.0.0.0', '[::]'])('asks at 127.0.0.1 where it listens everywhere: "%s"', async (host) => {
    const { context, server, port } = await probing((_, response) => void response.end('OK'), host);
    server.close();
    await once(server, 'close');
    vi.advanceTimersByTime(1_000);
    await until(() => context.metrics.value(FAILURES) === 1);
    expect(context.logLines[0]).toContain(`"http://127.0.0.1:${port}/health" failed: `);
  });

  it('writes an IPv6 address as it stands in a URL', async () => {
    const { context, server, port } = await probing((_, response) => void response.end('OK'), '[::1]');
    server.close();
    vi.advanceTimersByTime(1_000);
    await until(() => context.metrics.value(FAILURES) === 1);
    expect(context.logLines[0]).toContain(`"http://[::1]:${port}/health" failed: `);
  });

  it('ends with the block, and takes its own end for no failure', async () => {
    const arrived = Promise.withResolvers<undefined>();
    const { context, requests } = await probing(() => arrived.resolve(undefined));
    vi.advanceTimersByTime(1_000);
    await arrived.promise;
    await context.stop();
    vi.advanceTimersByTime(10_000);
    for (let i = 0; i < 5; i++) await nextTurn();
    expect(requests).toHaveLength(1);
    expect(context.metrics.value(FAILURES)).toBe(0);
    expect(context.logLines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
