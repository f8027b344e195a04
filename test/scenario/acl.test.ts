/** Who may ask for what, told by address and type; what is in memory is not given to those who may not have it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { dig } from '../support/dig.ts';
import type { DigResult } from '../support/dig.ts';
import { requireTools } from '../support/tools.ts';

const { available, reason } = requireTools('dig');

describe.skipIf(!available)(`acl ${reason}`, () => {
  let daemon: Daemon;
  let port: number;
  let metricsPort: number;
  beforeAll(async () => {
    [port, metricsPort] = await Promise.all([freePort(), freePort()]);
    daemon = await startDaemon({
      corefile: `test:${port} {
        bind 127.0.0.1
        prometheus 127.0.0.1:${metricsPort}
        errors
        acl blocked.test {
          allow net 127.0.0.2
          block
        }
        acl {
          filter type MX
          drop type TXT net 127.0.0.0/29
          allow net 127.0.0.0/8
        }
        cache
        template IN ANY {
          answer "{{ .Name }} 30 IN A 192.0.2.1"
        }
      }
`,
    });
  });
  afterAll(() => daemon.stop());

  const ask = (from: string, ...words: string[]): Promise<DigResult> =>
    dig(['@127.0.0.1', '-b', from, '-p', String(port), '+tries=1', '+timeout=1', ...words]);

  it('refuses, in front of the cache', async () => {
    expect((await ask('127.0.0.2', 'a.blocked.test')).status).toBe('NOERROR');
    const { status, answer, edns } = await ask('127.0.0.3', 'a.blocked.test');
    expect({ status, answer, error: edns?.extendedError?.code }).toEqual({
      status: 'REFUSED',
      answer: [],
      error: 15,
    });
    expect((await ask('127.0.0.3', 'a.blocked.test', '+noedns')).edns).toBeUndefined();
  });

  it('gives empty answers', async () => {
    const { status, answer, edns } = await ask('127.0.0.3', 'a.test', 'MX');
    expect({ status, answer, error: edns?.extendedError?.code }).toEqual({
      status: 'NOERROR',
      answer: [],
      error: 17,
    });
  });

  it('gives no answer', async () => {
    expect((await ask('127.0.0.7', 'a.test', 'TXT')).timedOut).toBe(true);
    expect((await ask('127.0.0.8', 'a.test', 'TXT')).status).toBe('NOERROR');
  });

  it('counts what it did, and none of it is an error', async () => {
    const metrics = await scrape(metricsPort);
    const server = `server=dns://127.0.0.1:${port}`;
    expect(metrics.series('coredns_acl_blocked_requests_total')).toEqual([
      `${server} zone=blocked.test. view=`,
    ]);
    expect(metrics.series('coredns_acl_filtered_requests_total')).toEqual([`${server} zone=test. view=`]);
    expect(metrics.series('coredns_acl_dropped_requests_total')).toEqual([`${server} zone=test. view=`]);
    expect(metrics.series('coredns_acl_allowed_requests_total')).toEqual([`${server} view=`]);
    expect(metrics.sum('coredns_acl_blocked_requests_total')).toBe(2);
    expect(metrics.sum('coredns_dns_responses_total', { rcode: 'REFUSED', plugin: 'acl' })).toBe(2);
    expect(daemon.lines().filter((line) => line.startsWith('[ERROR]'))).toEqual([]);
  });
});
