import { describe, expect, it } from 'vitest';
import { parseLatencies, parseStatistics } from './dnsperf-output.ts';

/** As dnsperf 2.10 prints it with `-v`. */
const OUTPUT = `DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 127.0.0.1 -p 15399 -d q -l 1 -Q 20 -v -e
[Status] Sending queries (to 127.0.0.1:15399)
[Status] Started at: Sun Nov 22 05:17:49 2026
[Status] Stopping after 1.000000 seconds
> NOERROR Svc-1.nS-1.svc.cluster.local. A 0.000313
> NXDOMAIN no.cluster.local. AAAA 0.001274
> T lost.cluster.local. A
> NOERROR svc-2.ns-2.svc.cluster.local. A 0.002549
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         1200
  Queries completed:    1198 (99.83%)
  Queries lost:         2 (0.17%)

  Response codes:       NOERROR 1000 (83.47%), NXDOMAIN 198 (16.53%)
  Average packet size:  request 38, response 54
  Run time (s):         1.000527
  Queries per second:   1197.369466

  Average Latency (s):  0.000346 (min 0.000127, max 0.002549)
  Latency StdDev (s):   0.000575
`;

describe('the statistics of dnsperf', () => {
  it('are read, times in milliseconds', () => {
    expect(parseStatistics(OUTPUT)).toEqual({
      sent: 1200,
      completed: 1198,
      lost: 2,
      seconds: 1.000527,
      queriesPerSecond: 1197.369466,
      averageLatencyMs: expect.closeTo(0.346) as number,
      maxLatencyMs: expect.closeTo(2.549) as number,
      rcodes: { NOERROR: 1000, NXDOMAIN: 198 },
    });
  });

  it('have no response codes where nothing was answered', () => {
    const silent = OUTPUT.replace(/ {2}Response codes:.*\n/, '');
    expect(parseStatistics(silent).rcodes).toEqual({});
  });

  it('are refused, with the end of what was printed, when one is missing', () => {
    const cut = OUTPUT.slice(0, OUTPUT.indexOf('Statistics:'));
    expect(() => parseStatistics(cut)).toThrow('Testing complete');
  });
});

describe('the latencies of dnsperf', () => {
  it('are those of the answers, in milliseconds', () => {
    const expected = [0.313, 1.274, 2.549].map((ms) => expect.closeTo(ms) as number);
    expect(parseLatencies(OUTPUT)).toEqual(expected);
  });
});
