/** An answer that is too long for the client's UDP is cut with TC, and the client that comes back over TCP gets all of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CROWD_ADDRESSES, startClusterDaemon } from '../support/cluster-daemon.ts';
import type { ClusterDaemon } from '../support/cluster-daemon.ts';
import { HEADLESS_ADDRESSES, LONG_TEXT_STRINGS } from '../support/cluster-zone.ts';
import { requireTools } from '../support/tools.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const { available, reason } = requireTools('knotd', 'dig');

describe.skipIf(!available)(`the size of an answer ${reason}`, () => {
  let cluster: ClusterDaemon;
  beforeAll(async () => {
    cluster = await startClusterDaemon();
  });
  afterAll(() => cluster.stop());

  it('is within 1232 octets for a client that takes them', async () => {
    const { answer, flags, transport, sizeOctets } = await cluster.ask('crowd.default.svc', '+bufsize=1232');
    expect(answer).toHaveLength(CROWD_ADDRESSES.length);
    expect(flags).not.toContain('tc');
    expect(transport).toBe('UDP');
    expect(sizeOctets).toBeLessThanOrEqual(1232);
  });

  it.each([
    ['without EDNS', '+noedns'],
    ['with EDNS and 512 octets', '+bufsize=512'],
    ['with EDNS and less than 512 octets, which means 512', '+bufsize=100'],
  ])('is cut for a client %s, which then comes over TCP', async (_, option) => {
    const cut = await cluster.ask('crowd.default.svc', '+ignore', option);
    expect(cut.flags).toContain('tc');
    expect(cut.transport).toBe('UDP');
    expect(cut.sizeOctets).toBeLessThanOrEqual(512);
    const whole = await cluster.ask('crowd.default.svc', option);
    expect(whole.retriedOverTcp).toBe(true);
    expect(whole.transport).toBe('TCP');
    expect(whole.flags).not.toContain('tc');
    expect(whole.answer).toHaveLength(CROWD_ADDRESSES.length);
  });

  it('is small enough for 512 octets where compression makes it so', async () => {
    const { answer, flags, transport } = await cluster.ask('peers.default.svc', '+noedns');
    expect(answer).toHaveLength(HEADLESS_ADDRESSES.length);
    expect(flags).not.toContain('tc');
    expect(transport).toBe('UDP');
  });

  it('is never more than 1232 octets over UDP, whatever the client takes', async () => {
    const cut = await cluster.ask('notes.default.svc', 'TXT', '+ignore', '+bufsize=4096');
    expect(cut.flags).toContain('tc');
    expect(cut.answer).toEqual([]);
    expect(cut.sizeOctets).toBeLessThanOrEqual(1232);
    const whole = await cluster.ask('notes.default.svc', 'TXT', '+bufsize=4096');
    expect(whole.retriedOverTcp).toBe(true);
    expect(whole.answer.map(withoutTtl)).toEqual([
      `notes.default.svc.cluster.local. IN TXT ${LONG_TEXT_STRINGS.map((text) => `"${text}"`).join(' ')}`,
    ]);
  });
});
