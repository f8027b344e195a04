import { closeSync, readSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchMemory } from '../../src/datagram/batch-memory.ts';
import { openDatagramSocket } from '../../src/datagram/datagram-socket.ts';
import { Ring } from '../../src/datagram/ring.ts';
import type { RingCalls } from '../../src/datagram/ring-calls.ts';
import { byRing, descriptors, hasRing, libc, reader, setUp } from './loop-wait-harness.ts';

/** Of the system. */
function enterOf(): RingCalls['enter'] {
  if (libc === undefined) throw new Error('there is nothing to test here');
  const { ring: calls } = libc;
  return (...args) => calls.enter(...args);
}

const placeOf = (word: number): number => word * Uint32Array.BYTES_PER_ELEMENT;

/** A kernel that takes what is submitted, and that is all. */
function deafRing(): Pick<RingCalls, 'setUp' | 'map' | 'enter'> {
  const queues = new Uint32Array(64);
  const [SUBMISSION_TAIL, COMPLETION_HEAD, COMPLETION_TAIL, ARRAY, COMPLETIONS] = [1, 2, 3, 4, 12];
  return {
    setUp(_entries, octets) {
      const params = new Uint32Array(octets.buffer);
      // Entries, features, and where things are: the submissions' head is the first word.
      params.set([8, 8]);
      params[5] = 1;
      params[11] = placeOf(SUBMISSION_TAIL);
      params[16] = placeOf(ARRAY);
      params.set([placeOf(COMPLETION_HEAD), placeOf(COMPLETION_TAIL)], 20);
      params[25] = placeOf(COMPLETIONS);
      return 1_000_000;
    },
    map: (_fd, offset) => (offset === 0 ? queues.buffer : new ArrayBuffer(8 * 64)),
    enter() {
      queues[0] = queues[SUBMISSION_TAIL];
      return 1;
    },
  };
}

describe.skipIf(!hasRing)('a ring in the place of the loop (Linux 6.1 and koffi)', () => {
  it('brings the sender, and sends an answer with the wait for the next datagram', () => {
    if (libc === undefined) return;
    const calls = libc;
    const { box, wait, sendErrors } = setUp(byRing);
    const client = openDatagramSocket(calls, '127.0.0.1', 0, 0, false);
    onTestFinished(() => closeSync(client.fd));
    const answer = new BatchMemory((octets) => calls.addressOf(octets));
    const answers: string[] = [];
    const octets = Buffer.alloc(10);
    let reads = 0;
    wait((arrival) => {
      const isFromHere = Buffer.from(box.inbox.addresses[0].subarray(4, 8)).equals(Buffer.of(127, 0, 0, 1));
      if (arrival === undefined || !isFromHere) return false;
      if (reads > 0) answers.push(octets.toString('latin1', 0, readSync(client.fd, octets)));
      reads++;
      if (reads === 3) return false;
      // To the client, as it would be to the sender.
      const to = answer.addresses[0];
      to.set(box.inbox.addresses[0]);
      to.set([client.port >> 8, client.port & 0xff], 2);
      answer.setAddressOctets(0, 16);
      answer.setControlOctets(0, 0);
      answer.setMessageOctets(0, 1);
      answer.buffers[0][0] = 0x30 + reads;
      arrival.send(box.fd, answer.vector);
      box.fill();
      return true;
    });
    expect(answers).toEqual(['1', '2']);
    expect(sendErrors).toEqual([]);
  });

  it('sends what the last read of a stay has left, and tells why something could not be sent', () => {
    if (libc === undefined) return;
    const calls = libc;
    const { box, wait, sendErrors } = setUp(byRing);
    const answer = new BatchMemory((octets) => calls.addressOf(octets));
    wait((arrival) => {
      answer.addresses[0].set(box.inbox.addresses[0]);
      // Port 0.
      answer.addresses[0].fill(0, 2, 4);
      answer.setAddressOctets(0, 16);
      answer.setControlOctets(0, 0);
      answer.setMessageOctets(0, 1);
      arrival?.send(box.fd, answer.vector);
      return false;
    });
    const EINVAL = 22;
    expect(sendErrors).toEqual([EINVAL]);
  });

  it('has nothing out after a stay: the socket is as if there were no ring', () => {
    const { box, wait, isOn } = setUp(byRing, { timeoutMs: () => 10 });
    box.drain();
    for (let i = 0; i < 3; i++) {
      wait(() => expect.fail('read'));
      box.fill(`after ${i}`);
      expect(isOn()).toBe(true);
      expect(box.drain()).toBe(`after ${i}`);
    }
  });

  it('reads what comes while it stops', () => {
    const seen: string[] = [];
    const enter = enterOf();
    let entered = 0;
    const { box, wait } = setUp(byRing, {
      timeoutMs: () => 10,
      enter(...args) {
        // The first waits until time is up, the second stops.
        if (++entered === 2) box.fill('late');
        return enter(...args);
      },
    });
    box.drain();
    wait((arrival) => {
      seen.push(box.take(arrival));
      return true;
    });
    if (seen.length === 0) seen.push(box.drain());
    expect(seen).toEqual(['late']);
  });

  it('gives its ring up where the system does not make what was asked for, and loses what comes afterwards not', () => {
    let isBroken = true;
    const enter = enterOf();
    const { box, wait, sendErrors, isOn } = setUp(byRing, {
      enter: (...args) => (isBroken ? -1 : enter(...args)),
    });
    wait(() => expect.fail('read'));
    expect(isOn()).toBe(true);
    isBroken = false;
    let reads = 0;
    wait(
      reader(box, 10, () => {
        reads++;
      }),
    );
    expect({ reads, sendErrors }).toEqual({ reads: 10, sendErrors: [] });
  });

  it('counts the answer that it could not send then', () => {
    let isBroken = false;
    const enter = enterOf();
    const { box, wait, sendErrors } = setUp(byRing, {
      enter: (...args) => (isBroken ? -1 : enter(...args)),
    });
    wait((arrival) => {
      arrival?.send(box.fd, box.inbox.vector);
      isBroken = true;
      return true;
    });
    const ENOMEM = 12;
    expect(sendErrors).toEqual([ENOMEM]);
  });

  it('gives up a ring that takes everything and ends nothing', () => {
    let closed = 0;
    const { wait, isOn } = setUp(byRing, {
      ...deafRing(),
      close() {
        closed++;
        return 0;
      },
    });
    wait(() => expect.fail('read'));
    expect(closed).toBe(1);
    expect(isOn()).toBe(true);
  });

  it.each<[string, Partial<RingCalls>]>([
    ['no ring', { setUp: () => -1 }],
    ['no memory for it', { map: () => undefined }],
  ])('is not there where the system gives %s', (_, calls) => {
    const before = descriptors();
    expect(() => setUp(byRing, calls)).toThrow('the system gives us no ring');
    expect(Ring.open({ ...(libc?.ring ?? expect.fail('no ring')), ...calls })).toBeUndefined();
    // Its sockets are closed when the test has ended.
    expect(descriptors()).toBeLessThanOrEqual(before + 5);
  });
});
