/** Among several server blocks the one with the longest zone answers, by labels and in any case; a name of no zone is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import type { DigResult } from '../support/dig.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { requireTools } from '../support/tools.ts';

const { available, reason } = requireTools('dig');

const ask = (port: number, ...words: string[]): Promise<DigResult> =>
  dig(['@127.0.0.1', '-p', String(port), '+tries=1', ...words]);

describe.skipIf(!available)(`server blocks ${reason}`, () => {
  const upstreams: ScriptedUpstream[] = [];
  let daemon: Daemon;
  let everything: number;
  let someZones: number;
  let metricsPort: number;

  beforeAll(async () => {
    // Each answers with its own number.
    for (const place of ['1', '2', '3', '4']) {
      upstreams.push(
        await startScriptedUpstream(() => reply({ answers: [`here. 30 IN TXT block-${place}`] })),
      );
    }
    [everything, someZones, metricsPort] = await Promise.all([freePort(), freePort(), freePort()]);
    const block = (keys: string, index: number): string => `${keys} {
        bind 127.0.0.1
        prometheus 127.0.0.1:${metricsPort}
        forward . 127.0.0.1:${upstreams[index].port}
      }
`;
    daemon = await startDaemon({
      corefile:
        block(`.:${everything}`, 0) +
        block(`example.org:${everything} example.org:${someZones}`, 1) +
        block(`SUB.Example.ORG:${everything}`, 2) +
        block(`10.0.0.0/8:${everything} net:${someZones}`, 3),
    });
  });
  afterAll(async () => {
    await daemon.stop();
    for (const upstream of upstreams) await upstream.close();
  });

  it.each([
    ['the root', '.', 'TXT', 1],
    ['another name', 'example.net', 'TXT', 1],
    ['a name that ends in the letters of a zone but not in its labels', 'notexample.org', 'TXT', 1],
    ['a parent of a zone', 'org', 'TXT', 1],
    ['the zone itself', 'example.org', 'TXT', 2],
    ['a name below it', 'www.example.org', 'TXT', 2],
    ['the same in capitals', 'WWW.EXAMPLE.ORG', 'TXT', 2],
    ['a name that only looks like the longer zone', 'notsub.example.org', 'TXT', 2],
    ['the longer zone', 'sub.example.org', 'TXT', 3],
    ['a name below that', 'a.b.sUb.eXample.org', 'TXT', 3],
    ['the DS of a zone whose parent is served too', 'sub.example.org', 'DS', 2],
    ['the DS of a zone with only the root above it', 'example.org', 'DS', 2],
    ['an address of a network that is a key', '1.2.3.10.in-addr.arpa', 'TXT', 4],
    ['an address of another network', '1.2.3.11.in-addr.arpa', 'TXT', 1],
  ])('gives %s to the right block', async (_, name, type, place) => {
    const { answer } = await ask(everything, name, type);
    expect(answer).toEqual([`here. 30 IN TXT "block-${place}"`]);
    expect(upstreams[place - 1].queries.at(-1)).toMatchObject({ type, class: 'IN' });
  });

  it('refuses a name of no zone, and says why to those who understand', async () => {
    const before = upstreams.map(({ queries }) => queries.length);
    const plain = await ask(someZones, '+noedns', 'www.example.com');
    expect(plain).toMatchObject({ status: 'REFUSED', answer: [], edns: undefined });
    const told = await ask(someZones, '+tcp', 'notexample.org', 'AAAA');
    expect(told.status).toBe('REFUSED');
    expect(told.edns?.extendedError).toEqual({ code: 20, text: 'no server block for this name' });
    expect(upstreams.map(({ queries }) => queries.length)).toEqual(before);
    const metrics = await scrape(metricsPort);
    const server = `dns://127.0.0.1:${someZones}`;
    const dropped = { server, zone: 'dropped', view: '' };
    expect(metrics.sum('coredns_dns_requests_total', dropped)).toBe(2);
    expect(metrics.sum('coredns_dns_requests_total', { ...dropped, proto: 'tcp', type: 'AAAA' })).toBe(1);
    expect(metrics.sum('coredns_dns_responses_total', { ...dropped, rcode: 'REFUSED', plugin: '' })).toBe(2);
  });
});
