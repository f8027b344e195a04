import { describe, expect, it } from 'vitest';
import { listenCounters } from '../../src/listen/counters.ts';
import { FakeLog, FakeMetrics } from '../support/setup-context.ts';

describe('the counters of listeners', () => {
  it('are there from the start, at 0', () => {
    const metrics = new FakeMetrics();
    listenCounters(metrics, new FakeLog());
    expect(metrics.value('nodelocaldns_packets_not_served_total', 'dropped')).toBe(0);
    expect(metrics.value('nodelocaldns_packets_not_served_total', 'refused')).toBe(0);
    expect(metrics.value('nodelocaldns_socket_errors_total', 'send')).toBe(0);
    expect(metrics.value('nodelocaldns_socket_errors_total', 'socket')).toBe(0);
    expect(metrics.value('nodelocaldns_tcp_connections')).toBe(0);
    expect(metrics.value('nodelocaldns_tcp_connections_rejected_total')).toBe(0);
    expect(metrics.value('coredns_panics_total')).toBe(0);
  });

  it('take note of a bug: counted, and logged with its stack, or as it is when it is no error', () => {
    const metrics = new FakeMetrics();
    const log = new FakeLog();
    const counters = listenCounters(metrics, log);
    counters.bug(new TypeError('not a function'));
    counters.bug('a string');
    expect(metrics.value('coredns_panics_total')).toBe(2);
    expect(log.lines[0]).toMatch(
      /^error bug in a listener: TypeError: not a function\n +at .*counters\.test\.ts/,
    );
    expect(log.lines[1]).toBe('error bug in a listener: a string');
  });

  it('take note of answers that were not sent: each is counted, and the cause said once', () => {
    const metrics = new FakeMetrics();
    const log = new FakeLog();
    const counters = listenCounters(metrics, log);
    counters.sendFailed(64, 'ENOBUFS');
    counters.sendFailed(1, 'ENOBUFS');
    expect(metrics.value('nodelocaldns_socket_errors_total', 'send')).toBe(65);
    expect(metrics.value('nodelocaldns_trouble', 'sending')).toBe(1);
    expect(metrics.value('nodelocaldns_trouble', 'descriptors')).toBe(0);
    expect(log.lines).toEqual(['warn answers cannot be sent: ENOBUFS']);
  });

  it('count an answer to a pod that is gone, and make no trouble of it', () => {
    const metrics = new FakeMetrics();
    const log = new FakeLog();
    listenCounters(metrics, log).sendFailed(1, 'EHOSTUNREACH');
    expect(metrics.value('nodelocaldns_socket_errors_total', 'send')).toBe(1);
    expect(metrics.value('nodelocaldns_trouble', 'sending')).toBe(0);
    expect(log.lines).toEqual([]);
  });
});
