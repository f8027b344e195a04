/** When datagrams leave, and which of them together: told by a C library that only takes notes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { BATCH_SIZE } from '../../src/datagram/batch-memory.ts';
import { ConnectedOutbox } from '../../src/datagram/connected-outbox.ts';
import type { Libc } from '../../src/datagram/libc.ts';

const EINTR = 4;
const EIO = 5;
const ENOBUFS = 105;
const ECONNREFUSED = 111;

/** `answers` are what `sendmmsg` gives, a negative one for an error number; all that was asked for once they are used up. */
function makeOutbox(answers: number[] = [], joins = false) {
  let errno = 0;
  const calls: string[] = [];
  const libc: Pick<Libc, 'addressOf' | 'sendmmsg' | 'errno'> = {
    addressOf: () => 0,
    sendmmsg(fd, _vector, count) {
      calls.push(`${count} by ${fd}`);
      const answer = answers.shift() ?? count;
      if (answer >= 0) return answer;
      errno = -answer;
      return -1;
    },
    errno: () => errno,
  };
  const onBug = vi.fn();
  return { outbox: new ConnectedOutbox(libc, joins, onBug), calls, onBug };
}

const sender = (fd: number) => ({ fd, sendFailed: vi.fn() });
const message = (octet: number): Uint8Array => Uint8Array.of(octet);

describe('ConnectedOutbox', () => {
  it('sends what came in one turn at its end, by one call for each run of a socket', async () => {
    const { outbox, calls } = makeOutbox();
    const [first, second] = [sender(7), sender(8)];
    outbox.put(first, message(1));
    outbox.put(first, message(2));
    outbox.put(second, message(3));
    outbox.put(first, message(4));
    expect(calls).toEqual(['2 by 7', '1 by 8']);
    const { turn } = outbox;
    await nextTurn();
    expect(calls).toEqual(['2 by 7', '1 by 8', '1 by 7']);
    expect(outbox.turn).not.toBe(turn);
    await nextTurn();
    expect(calls).toHaveLength(3);
  });

  it('sends at once when its buffers are full', async () => {
    const { outbox, calls } = makeOutbox();
    const one = sender(7);
    for (let i = 0; i <= BATCH_SIZE; i++) outbox.put(one, message(i));
    expect(calls).toEqual([`${BATCH_SIZE} by 7`]);
    await nextTurn();
    expect(calls).toEqual([`${BATCH_SIZE} by 7`, '1 by 7']);
  });

  it('goes on where the kernel took a part, or was interrupted', async () => {
    const { outbox, calls } = makeOutbox([2, -EINTR, 1]);
    const one = sender(7);
    for (let i = 0; i < 3; i++) outbox.put(one, message(i));
    await nextTurn();
    expect(calls).toEqual(['3 by 7', '1 by 7', '1 by 7']);
    expect(one.sendFailed).not.toHaveBeenCalled();
  });

  it('tells which message was refused, and sends the others', async () => {
    const { outbox, calls } = makeOutbox([1, -ENOBUFS, 1]);
    const one = sender(7);
    const messages = [message(1), message(2), message(3)];
    for (const each of messages) outbox.put(one, each);
    await nextTurn();
    expect(calls).toEqual(['3 by 7', '2 by 7', '1 by 7']);
    expect(one.sendFailed.mock.calls).toEqual([[messages[1], ENOBUFS]]);
  });

  it('sends nothing for a sender that was dropped', async () => {
    const { outbox, calls } = makeOutbox();
    const [first, second] = [sender(7), sender(8)];
    outbox.put(first, message(1));
    outbox.drop(second);
    outbox.drop(first);
    outbox.put(second, message(2));
    await nextTurn();
    expect(calls).toEqual(['1 by 8']);
  });

  it('sends those of one length as one message, where the kernel cuts it', async () => {
    const { outbox, calls } = makeOutbox([], true);
    const one = sender(7);
    for (const octets of [30, 40, 30, 40, 30]) outbox.put(one, new Uint8Array(octets));
    await nextTurn();
    expect(calls).toEqual(['2 by 7']);
  });

  it('keeps to what the kernel cuts: 32 datagrams, none over 1232 octets', async () => {
    const { outbox, calls } = makeOutbox([], true);
    const one = sender(7);
    for (let i = 0; i < 33; i++) outbox.put(one, new Uint8Array(30));
    for (let i = 0; i < 2; i++) outbox.put(one, new Uint8Array(1_233));
    await nextTurn();
    expect(calls).toEqual(['4 by 7']);
  });

  it('sends one by one from then on where the kernel cannot cut', async () => {
    const { outbox, calls } = makeOutbox([-EIO], true);
    const one = sender(7);
    for (let i = 0; i < 3; i++) outbox.put(one, message(i));
    await nextTurn();
    await nextTurn();
    expect(calls).toEqual(['1 by 7', '3 by 7']);
    for (let i = 0; i < 2; i++) outbox.put(one, message(i));
    await nextTurn();
    expect(calls.slice(2)).toEqual(['2 by 7']);
    expect(one.sendFailed).not.toHaveBeenCalled();
  });

  it('tells of a refusal that the peer sent, and goes on joining', async () => {
    const { outbox, calls } = makeOutbox([-ECONNREFUSED], true);
    const one = sender(7);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3; i++) outbox.put(one, message(i));
      await nextTurn();
    }
    expect(one.sendFailed).toHaveBeenCalledTimes(3);
    expect(calls).toEqual(['1 by 7', '1 by 7']);
  });

  it('reports what a sender throws', async () => {
    const { outbox, onBug } = makeOutbox([-ENOBUFS]);
    const one = sender(7);
    one.sendFailed.mockImplementation(() => {
      throw new Error('a bug');
    });
    outbox.put(one, message(1));
    await nextTurn();
    expect(onBug).toHaveBeenCalledWith(new Error('a bug'));
  });
});
