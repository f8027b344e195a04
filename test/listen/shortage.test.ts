/** Listeners when the system has nothing left for them: no descriptor to go on accepting with, no room for datagrams. */
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BatchMemory } from '../../src/datagram/batch-memory.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import { AcceptPause } from '../../src/listen/accept-pause.ts';
import { ARRIVALS_AT_ONCE, Arrivals } from '../../src/listen/arrivals.ts';
import { BatchOutbox } from '../../src/listen/batch-outbox.ts';
import { listenUdpBatch } from '../../src/listen/udp-batch.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { UdpClient } from '../support/udp-client.ts';
import { atOnce, endpointOf, surroundings } from './harness.ts';
import { answers, listen } from './tcp-harness.ts';

const libc = await loadLibc().catch(() => undefined);
const ENOBUFS = 105;

afterEach(() => void vi.restoreAllMocks());

describe.skipIf(libc === undefined)('a TCP listener that rests (where koffi works)', () => {
  it('tries again when there is no descriptor to go on with', async () => {
    // However fast they come, after the burst it is too fast.
    vi.spyOn(Arrivals.prototype, 'pass').mockImplementationOnce(() => false);
    // As it does when the descriptor cannot be duplicated.
    const resume = vi.spyOn(AcceptPause.prototype, 'resume');
    for (let times = 0; times < 3; times++) resume.mockImplementationOnce(() => undefined);
    const { client } = await listen(endpointOf(atOnce));
    const pause = vi.spyOn(AcceptPause.prototype, 'pause');
    for (let served = 0; served < ARRIVALS_AT_ONCE || resume.mock.calls.length < 4; served += 50) {
      const clients = await Promise.all(Array.from({ length: 50 }, client));
      expect(await Promise.all(clients.map((each) => answers(each)))).not.toContain(false);
      for (const each of clients) each.closeOurSide();
      await Promise.all(clients.map(({ ended }) => ended));
    }
    expect(pause).toHaveBeenCalled();
    expect(await answers(await client())).toBe(true);
  });
});

describe.skipIf(libc === undefined)('a UDP listener that has no room for answers (where koffi works)', () => {
  it('loses and counts them, tries each once, says why once, and goes on when there is room', async () => {
    if (libc === undefined) return;
    const around = surroundings();
    let isFull = true;
    let attempts = 0;
    const calls: typeof libc = {
      ...libc,
      sendmmsg: (...args) => {
        attempts++;
        return isFull ? -1 : libc.sendmmsg(...args);
      },
      errno: () => (isFull ? ENOBUFS : libc.errno()),
      // No datagram: EAGAIN would be asked of the same `errno`.
      recvmmsg: (...args) => Math.max(0, libc.recvmmsg(...args)),
    };
    const tools = {
      libc: calls,
      inbox: new BatchMemory((octets) => calls.addressOf(octets)),
      outbox: new BatchOutbox(calls, around.counters),
    };
    const { clock, counters } = around;
    const listener = listenUdpBatch(
      { address: '127.0.0.1', port: 0, clock, counters },
      endpointOf(atOnce),
      tools,
    );
    onTestFinished(() => listener.close());
    const client = await UdpClient.open(listener);
    for (let id = 1; id <= 40; id++) client.send(rawQuery({ id, name: `n${id}.test.` }));
    const lost = (): number => around.metrics.value('nodelocaldns_socket_errors_total', 'send') ?? 0;
    await vi.waitFor(() => expect(lost()).toBe(40));
    expect(attempts).toBeLessThanOrEqual(40);
    isFull = false;
    expect(readReply(await client.ask(rawQuery({ id: 99, name: 'a.test.' }))).answer).toHaveLength(1);
    expect(client.received).toHaveLength(1);
    expect(lost()).toBe(40);
    expect(around.log.lines).toEqual(['warn answers cannot be sent: ENOBUFS']);
  });
});
