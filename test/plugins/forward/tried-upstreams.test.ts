/** Which upstreams are tried for one question, how often, and what becomes of it when they do not answer. */
import { describe, expect, it } from 'vitest';
import { QUERY_DEADLINE_MS } from '../../../src/plugins/forward/tries.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { Forwarding, failing } from './fake-upstream.ts';

const FOUND: ReplySpec = { answers: ['@ 60 IN A 192.0.2.99'] };

describe('when an upstream does not answer', () => {
  it('the next one is asked, and its health is looked at', async () => {
    const line = new Forwarding();
    line.upstreams[0].script = () => failing();
    line.upstreams[1].script = () => FOUND;
    expect(await line.ask()).toMatchObject({ rcode: 0, source: 'forward' });
    expect(line.counts).toEqual([1, 1]);
    expect(line.upstreams.map(({ probes }) => probes)).toEqual([1, 0]);
  });

  it('its health is not looked at with max_fails 0', async () => {
    const line = new Forwarding('max_fails 0');
    line.upstreams[0].script = () => failing();
    await line.ask();
    expect(line.upstreams[0].probes).toBe(0);
  });

  it('the first is asked again after the last', async () => {
    const line = new Forwarding();
    const answers = [failing(), FOUND];
    line.upstreams[0].script = () => answers.shift() ?? failing();
    line.upstreams[1].script = () => failing();
    expect(await line.ask()).toMatchObject({ rcode: 0 });
    expect(line.counts).toEqual([2, 1]);
  });

  it.each([
    { lines: '', upstreams: 1, attempts: 2 },
    { lines: '', upstreams: 3, attempts: 6 },
    { lines: 'max_connect_attempts 1', upstreams: 2, attempts: 1 },
    { lines: 'max_connect_attempts 5', upstreams: 2, attempts: 5 },
    { lines: 'max_connect_attempts 0', upstreams: 1, attempts: 3 },
    { lines: 'max_connect_attempts 0', upstreams: 2, attempts: 6 },
  ])('$attempts attempts are made with $upstreams and "$lines"', async ({ lines, upstreams, attempts }) => {
    const line = new Forwarding(lines, upstreams);
    for (const upstream of line.upstreams) upstream.script = () => failing('refused');
    await line.ask();
    expect(line.counts.reduce((sum, count) => sum + count)).toBe(attempts);
  });

  it.each([
    { code: 'timeout', ede: 22 },
    { code: 'refused', ede: 23 },
    { code: 'reset', ede: 23 },
    { code: 'invalid', ede: 23 },
  ] as const)('the client gets SERVFAIL and hears why: $code', async ({ code, ede }) => {
    const line = new Forwarding('', 1);
    line.upstreams[0].script = () => failing(code);
    expect(await line.ask()).toMatchObject({
      rcode: 2,
      reason: `read udp 192.0.2.1:53: ${code}`,
      source: 'forward',
      extendedError: { code: ede, text: `upstream: ${code}` },
    });
  });

  it('the client hears of it before it gives up, after 5 s', async () => {
    const line = new Forwarding('max_connect_attempts 100');
    const { clock } = line.context;
    const startMs = clock.nowMs();
    const ends: number[] = [];
    for (const upstream of line.upstreams) {
      upstream.script = () => {
        // As a black hole takes all the time that it is given.
        const end = upstream.asked.at(-1)?.deadlineMs ?? 0;
        ends.push(end - startMs);
        clock.advance(end - clock.nowMs());
        return failing();
      };
    }
    expect(await line.ask()).toMatchObject({ rcode: 2, extendedError: { code: 22 } });
    expect(ends).toEqual([2_000, 4_000, QUERY_DEADLINE_MS]);
    expect(clock.nowMs() - startMs).toBeLessThan(5_000);
  });

  it.each([
    { timeout: '300ms', ends: [300, 600, 900, 1200] },
    { timeout: '10s', ends: [QUERY_DEADLINE_MS] },
  ])(
    'an attempt lasts read_timeout at most, and never longer than all together: $timeout',
    async ({ timeout, ends }) => {
      const line = new Forwarding(`read_timeout ${timeout}`);
      const { clock } = line.context;
      const startMs = clock.nowMs();
      const seen: number[] = [];
      for (const upstream of line.upstreams) {
        upstream.script = () => {
          const end = upstream.asked.at(-1)?.deadlineMs ?? 0;
          seen.push(end - startMs);
          clock.advance(end - clock.nowMs());
          return failing();
        };
      }
      await line.ask();
      expect(seen).toEqual(ends);
    },
  );

  it('a bug in it is not taken for its silence', async () => {
    const line = new Forwarding();
    line.upstreams[0].script = () => new TypeError('a bug');
    await expect(line.ask()).rejects.toThrow('a bug');
  });
});

describe('upstreams that health checks found down', () => {
  const BROKEN = 'coredns_forward_healthcheck_broken_total';

  it('are left out as long as one is up', async () => {
    const line = new Forwarding('', 3);
    line.upstreams[0].isDown = true;
    line.upstreams[1].script = () => failing();
    line.upstreams[2].script = () => FOUND;
    expect(await line.ask()).toMatchObject({ rcode: 0 });
    expect(line.counts).toEqual([0, 1, 1]);
    expect(line.context.metrics.value(BROKEN)).toBe(0);
  });

  it('are asked all the same where all are, one at random', async () => {
    const line = new Forwarding('', 2);
    for (const upstream of line.upstreams) Object.assign(upstream, { isDown: true, script: () => FOUND });
    for (let i = 0; i < 100; i++) await line.ask(`${i}.test.`);
    expect(line.counts.reduce((sum, count) => sum + count)).toBe(100);
    // Neither would be left out of 100 draws but once in 10^30 times.
    expect(Math.min(...line.counts)).toBeGreaterThan(0);
    expect(line.context.metrics.value(BROKEN)).toBe(100);
  });

  it('are asked no more often than others where all are', async () => {
    const line = new Forwarding('', 2);
    for (const upstream of line.upstreams) Object.assign(upstream, { isDown: true, script: () => failing() });
    await line.ask();
    expect(line.counts.reduce((sum, count) => sum + count)).toBe(4);
    expect(line.context.metrics.value(BROKEN)).toBe(4);
  });

  it('are not asked where the configuration wants to fail fast', async () => {
    const line = new Forwarding('failfast_all_unhealthy_upstreams');
    for (const upstream of line.upstreams) upstream.isDown = true;
    expect(await line.ask()).toMatchObject({
      rcode: 2,
      reason: 'no healthy proxies',
      extendedError: { code: 22, text: 'no healthy proxies' },
    });
    expect(line.counts).toEqual([0, 0]);
    expect(line.context.metrics.value(BROKEN)).toBe(1);
  });
});

describe('upstreams that send our own queries back', () => {
  it('are not asked, up or down', async () => {
    const line = new Forwarding('', 3);
    line.upstreams[0].quarantined = true;
    for (const upstream of line.upstreams) upstream.isDown = true;
    for (let i = 0; i < 30; i++) await line.ask(`${i}.test.`);
    expect(line.counts[0]).toBe(0);
  });

  it('leave SERVFAIL where there is no other', async () => {
    const line = new Forwarding('', 1);
    line.upstreams[0].quarantined = true;
    expect(await line.ask()).toMatchObject({
      rcode: 2,
      reason: 'no upstream that may be asked',
      extendedError: { code: 22 },
    });
    line.upstreams[0].quarantined = false;
    expect(await line.ask()).toMatchObject({ rcode: 0 });
  });
});

describe('failover', () => {
  const bad: ReplySpec = { rcode: 'SERVFAIL' };

  it('asks the next upstream when one gives such an rcode', async () => {
    const line = new Forwarding('failover SERVFAIL REFUSED');
    line.upstreams[0].script = () => bad;
    line.upstreams[1].script = () => FOUND;
    expect(await line.ask()).toMatchObject({ rcode: 0, message: { length: 40 } });
    expect(line.counts).toEqual([1, 1]);
  });

  it('gives what the last one gave where all give such an rcode, and asks none twice', async () => {
    const line = new Forwarding('failover SERVFAIL REFUSED', 3);
    line.upstreams[0].script = () => bad;
    line.upstreams[1].script = () => bad;
    line.upstreams[2].script = () => ({ rcode: 'REFUSED' });
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 5 });
    expect(line.counts).toEqual([1, 1, 1]);
  });

  it('leaves other rcodes alone', async () => {
    const line = new Forwarding('failover REFUSED');
    line.upstreams[0].script = () => bad;
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 2 });
    expect(line.counts).toEqual([1, 0]);
  });

  it('does not ask the same one again because the others are down', async () => {
    const line = new Forwarding('failover SERVFAIL\n max_connect_attempts 0');
    line.upstreams[0].script = () => bad;
    line.upstreams[1].isDown = true;
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 2 });
    expect(line.counts).toEqual([1, 0]);
  });

  it('without the option any reply is an answer', async () => {
    const line = new Forwarding();
    line.upstreams[0].script = () => bad;
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 2 });
    expect(line.counts).toEqual([1, 0]);
  });
});
