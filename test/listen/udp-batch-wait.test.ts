/** The batching UDP listener while it waits in the place of the event loop. */
import { closeSync, readSync, writeSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openConnectedSocket } from '../../src/datagram/connected-socket.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { UdpClient } from '../support/udp-client.ts';
import { Answers, addressReply, atOnce, endpointOf } from './harness.ts';
import { byEpoll, byRing, libc, listen, oneAnswer, share } from './udp-batch-harness.ts';

/** @returns octets of the next datagram; -1 where there is none. */
function readIfThere(fd: number, octets: Uint8Array): number {
  try {
    return readSync(fd, octets);
  } catch {
    return -1;
  }
}

describe.skipIf(libc === undefined)('waiting of batched UDP (where koffi works)', () => {
  it('waits for the next datagram in the place of the event loop', async () => {
    const shared = share();
    const listener = listen(endpointOf(atOnce), '127.0.0.1', shared);
    const client = await UdpClient.open(listener);
    await oneAnswer(client);
    expect(shared.waits()).toBeGreaterThan(0);
    expect(await oneAnswer(client, 2)).toHaveLength(1);
  });

  it.each([
    ['an epoll descriptor', '0.0.0.0', '127.1.2.3', byEpoll],
    ['an epoll descriptor', '::', '::1', byEpoll],
    ['a ring', '0.0.0.0', '127.1.2.3', byRing],
    ['a ring', '::', '::1', byRing],
    ['a ring', '127.0.0.1', '127.0.0.1', byRing],
  ])(
    'answers what comes while %s waits in the place of the event loop: on %s from %s, alone and together',
    async (_, address, host, standIn) => {
      const shared = share({}, standIn);
      if (shared.tools.standIn === undefined) return;
      const clients: number[] = [];
      const asked: number[] = [];
      const answered: string[] = [];
      let sent = 0;
      const octets = Buffer.alloc(512);
      const readAnswers = (): void => {
        // Each client has asked every other time.
        for (let id = answered.length; id < sent; id++) {
          const count = readIfThere(clients[id % clients.length], octets);
          if (count < 0) return;
          answered.push(readReply(octets.subarray(0, count)).question);
        }
      };
      const send = (): void => {
        const id = sent++;
        writeSync(clients[id % clients.length], rawQuery({ id, name: `q${id}.test.` }));
      };
      const done = Promise.withResolvers<undefined>();
      const listener = listen(
        endpointOf((query) => {
          asked.push(query.id);
          readAnswers();
          // Other things of this process end the waiting, and it is not always begun again.
          const isEnough = shared.foundDatagrams() > 40 || sent > 10_000;
          if (asked.length === sent) {
            if (isEnough) setImmediate(() => done.resolve(undefined));
            // Three together, now and then: what comes after the first of them has to be looked for.
            else for (let i = sent % 5 === 0 ? 3 : 1; i > 0; i--) send();
          }
          return addressReply(query);
        }),
        address,
        shared,
      );
      for (let i = 0; i < 2; i++) {
        // A connected socket hears nobody else.
        const { fd } = openConnectedSocket(shared.tools.libc, {
          host,
          port: listener.port,
          sourceAddress: undefined,
        });
        clients.push(fd);
        onTestFinished(() => closeSync(fd));
      }
      send();
      await done.promise;
      readAnswers();
      expect(shared.foundDatagrams()).toBeGreaterThan(40);
      expect(asked).toEqual(Array.from({ length: sent }, (_value, id) => id));
      expect(answered).toEqual(Array.from({ length: sent }, (_value, id) => `q${id}.test. IN A`));
    },
  );

  it('leaves waiting to the event loop while a query waits for its answer', async () => {
    const shared = share();
    const answers = new Answers();
    const listener = listen(endpointOf(answers.ask), '127.0.0.1', shared);
    const client = await UdpClient.open(listener);
    const answered = oneAnswer(client);
    await answers.untilAsked(1);
    answers.giveAll();
    expect(await answered).toHaveLength(1);
    expect(shared.waits()).toBe(0);
  });

  it('serves where the process does not show its event loop', async () => {
    const listener = listen(endpointOf(atOnce), '127.0.0.1', share({ loop: undefined }));
    expect(await oneAnswer(await UdpClient.open(listener))).toHaveLength(1);
  });
});
