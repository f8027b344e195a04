/** On sockets of the system, with an epoll descriptor of the test's in the place of libuv's; by each of what may stand in for the loop. */
import { closeSync, readFileSync, readSync, readdirSync, writeSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchMemory } from '../../src/datagram/batch-memory.ts';
import { openConnectedSocket } from '../../src/datagram/connected-socket.ts';
import { openDatagramSocket } from '../../src/datagram/datagram-socket.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import type { Libc } from '../../src/datagram/libc.ts';
import type { LoopCalls } from '../../src/datagram/loop-calls.ts';
import { LoopEpoll } from '../../src/datagram/loop-epoll.ts';
import { LoopRing } from '../../src/datagram/loop-ring.ts';
import { LoopWait } from '../../src/datagram/loop-wait.ts';
import { Ring } from '../../src/datagram/ring.ts';
import type { RingCalls } from '../../src/datagram/ring-calls.ts';
import type { Arrival, DatagramReader, StandIn } from '../../src/datagram/stand-in.ts';

const libc = await loadLibc().catch(() => undefined);
const loop = libc?.loop;
const ring = libc && Ring.open(libc.ring);
ring?.close();

const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EPOLLET = 1 << 31;
const ADDRESS_OCTETS = 28;
/** More than are read before something ends a stay. */
const MANY = 100_000;

/** A socket into which datagrams come when the test says so. */
class Mailbox {
  readonly fd: number;
  readonly inbox: BatchMemory;
  private readonly sender: number;

  constructor(calls: Libc) {
    const { fd, port } = openDatagramSocket(calls, '127.0.0.1', 0, 0, false);
    const { fd: sender } = openConnectedSocket(calls, { host: '127.0.0.1', port, sourceAddress: undefined });
    this.inbox = new BatchMemory((octets) => calls.addressOf(octets));
    this.fd = fd;
    this.sender = sender;
    onTestFinished(() => {
      for (const one of [fd, sender]) closeSync(one);
    });
  }

  fill(text = 'x'): void {
    writeSync(this.sender, text);
  }

  drain(): string {
    const octets = Buffer.alloc(100);
    return octets.toString('latin1', 0, readSync(this.fd, octets));
  }

  /** What was received, or else is to be. */
  take(arrival: Arrival | undefined): string {
    if (arrival === undefined) return this.drain();
    return Buffer.from(this.inbox.buffers[0].subarray(0, arrival.octets)).toString('latin1');
  }

  /** @param read what `DatagramReader` says. */
  reader(read: (arrival?: Arrival) => boolean): DatagramReader {
    const { fd, inbox } = this;
    return { fd, message: inbox.vector, makeRoom: () => inbox.makeRoom(ADDRESS_OCTETS, 0), read };
  }
}

/** Not at once, nor in the next of the promises to be continued. */
async function continued(then: () => void): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
  then();
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

type Calls = Partial<LoopCalls & RingCalls>;

interface Setting {
  /** What is waited for; there is one datagram in it. */
  readonly box: Mailbox;
  /** Something else that the loop looks after, and that could be waited for as well. */
  readonly other: Mailbox;
  readonly standIn: StandIn & { close(): void };
  /** Errors of what was sent with the wait. */
  readonly sendErrors: number[];
  /** Calls of the system that a stay begins and ends with. */
  readonly made: string[];
  /** Waits once. */
  readonly wait: (read: (arrival?: Arrival) => boolean) => void;
  /** Whether the loop would see that there is something in it. */
  readonly isOn: () => boolean;
}

type Open = (calls: Libc, mine: LoopCalls, sendFailed: (errno: number) => void) => Setting['standIn'];

const byEpoll: Open = (calls, mine) => new LoopEpoll(calls, mine);
const byRing: Open = (calls, mine, sendFailed) => {
  const made = LoopRing.open(calls, mine, calls.ring, sendFailed);
  if (made === undefined) throw new Error('the system gives us no ring');
  return made;
};

/** @param calls what is to be different; by default there is no timer, and nothing left to do. */
function setUp(open: Open, calls: Calls = {}): Setting {
  if (libc === undefined || loop === undefined) throw new Error('there is nothing to test here');
  const [box, other] = [new Mailbox(libc), new Mailbox(libc)];
  const backendFd = loop.createEpoll();
  const event = new Uint32Array(4);
  const address = libc.addressOf(new Uint8Array(event.buffer));
  for (const { fd } of [box, other]) {
    event[0] = EPOLLIN;
    event[process.arch === 'x64' ? 1 : 2] = fd;
    expect(loop.controlEpoll(backendFd, EPOLL_CTL_ADD, fd, address)).toBe(0);
  }
  const made: string[] = [];
  const mine: LoopCalls = {
    ...loop,
    continuations: { areDue: false },
    timeoutMs: () => -1,
    controlEpoll(...args) {
      made.push('control');
      return loop.controlEpoll(...args);
    },
    ...calls,
    backendFd,
  };
  const sendErrors: number[] = [];
  const standIn = open({ ...libc, ring: { ...libc.ring, ...calls } }, mine, (errno) =>
    sendErrors.push(errno),
  );
  const isOn = (): boolean => {
    const seen = new Uint32Array(4);
    return loop.waitEpoll(backendFd, libc.addressOf(new Uint8Array(seen.buffer)), 1, 0) === 1;
  };
  onTestFinished(() => {
    standIn.close();
    libc.close(backendFd);
  });
  box.fill();
  const wait: Setting['wait'] = (read) => new LoopWait(standIn, box.reader(read)).wait();
  return { box, other, standIn, sendErrors, made, wait, isOn };
}

/** Reads, and lets the next datagram come until `most` have been read. */
function reader(
  box: Mailbox,
  most: number,
  during: () => void = () => undefined,
): (arrival?: Arrival) => boolean {
  let reads = 0;
  return (arrival) => {
    during();
    box.take(arrival);
    reads++;
    if (reads < most) box.fill();
    return reads < most;
  };
}

const KINDS: [string, Open][] = [
  ['an epoll descriptor', byEpoll],
  // Linux before 6.1, a container's profile or kernel.io_uring_disabled may refuse it.
  ...(ring === undefined ? [] : ([['a ring', byRing]] as [string, Open][])),
];

it.skipIf(loop === undefined)('there is a ring to test, as on every Linux from 6.1 on that allows it', () => {
  expect(ring).toBeDefined();
});

describe.skipIf(loop === undefined).each(KINDS)(
  'waiting in the place of the loop by %s (where koffi works)',
  (_, open) => {
    it('reads what comes, one after the other, while the loop does not see it; then the loop does again', () => {
      const { box, wait, isOn } = setUp(open);
      const seen: boolean[] = [];
      expect(isOn()).toBe(true);
      wait(
        reader(box, 5, () => {
          box.fill('unseen');
          seen.push(isOn());
          box.drain();
        }),
      );
      expect(seen).toEqual([false, false, false, false, false]);
      box.fill();
      expect(isOn()).toBe(true);
    });

    it('loses nothing that comes before, meanwhile, and afterwards', () => {
      const { box, wait, isOn } = setUp(open);
      const seen: string[] = [];
      for (const text of ['a', 'b', 'c']) box.fill(text);
      wait((arrival) => {
        seen.push(box.take(arrival));
        if (seen.length === 2) box.fill('d');
        return seen.length < 5;
      });
      box.fill('e');
      expect(isOn()).toBe(true);
      expect([...seen, box.drain()]).toEqual(['x', 'a', 'b', 'c', 'd', 'e']);
    });

    it('does not go on for ever', () => {
      const { box, wait, isOn } = setUp(open);
      let reads = 0;
      const endMs = performance.now() + 10_000;
      wait(
        reader(box, Infinity, () => expect(performance.now(), `after ${++reads} reads`).toBeLessThan(endMs)),
      );
      expect(reads).toBeGreaterThan(1_000);
      expect(isOn()).toBe(true);
    });

    it('ends when anything else of the loop is ready', () => {
      const { box, other, wait } = setUp(open);
      let reads = 0;
      wait(
        reader(box, MANY, () => {
          reads++;
          if (reads === 3) other.fill();
        }),
      );
      // What was ready together with it is read.
      expect(reads).toBe(4);
    });

    it('ends without anything to read when the next timer is due', () => {
      const { box, wait } = setUp(open, { timeoutMs: () => 5 });
      box.drain();
      const startMs = performance.now();
      wait(() => expect.fail('read'));
      expect(performance.now() - startMs).toBeGreaterThan(4);
    });

    it('ends after a while without a timer', () => {
      const { box, wait } = setUp(open);
      box.drain();
      wait(() => expect.fail('read'));
    });

    it.each([
      ['something that is to be done at once', 0],
      ['a timer before the one that there was', 100],
    ])('ends after a read that has left %s', (_what, leftMs) => {
      const left = [1_000, 1_000, leftMs];
      const { box, wait } = setUp(open, { timeoutMs: () => left.shift() ?? MANY });
      let reads = 0;
      wait(reader(box, MANY, () => reads++));
      expect(reads).toBe(2);
    });

    it.each([0, 1, 3])('does not begin where the loop has to do something within %i ms', (leftMs) => {
      const { wait, made } = setUp(open, { timeoutMs: () => leftMs });
      wait(() => expect.fail('read'));
      expect(made).toEqual([]);
    });

    it('does not begin before promises that other callbacks have settled are continued', () => {
      const { wait, made } = setUp(open, { continuations: { areDue: true } });
      wait(() => expect.fail('read'));
      expect(made).toEqual([]);
    });

    it('continues the promises that came before, and in time those that a read has left', async () => {
      const { box, wait } = setUp(open);
      const seen: string[] = [];
      let reads = 0;
      // Not where promises are continued already, as this test is.
      await new Promise<void>((resolve) => {
        setImmediate(() => {
          void continued(() => seen.push('before'));
          wait((arrival) => {
            box.take(arrival);
            if (++reads === 1) {
              seen.push('read');
              void continued(() => seen.push('left'));
            }
            box.fill();
            return seen.length < 3;
          });
          seen.push('end');
          resolve();
        });
      });
      expect(seen).toEqual(['before', 'read', 'left', 'end']);
    });

    it('leaves them to the loop where Node does not let us, and ends soon', () => {
      const { box, wait } = setUp(open, { continueAll: undefined });
      let isContinued = false;
      let reads = 0;
      wait((arrival) => {
        box.take(arrival);
        reads++;
        void Promise.resolve().then(() => (isContinued = true));
        return true;
      });
      expect({ reads, isContinued }).toEqual({ reads: 1, isContinued: false });
    });

    it('is seldom tried where it is not worth it, and always where it is', () => {
      const { box, standIn, made } = setUp(open);
      let tries = 0;
      let read = reader(box, 0);
      const wait = new LoopWait(
        standIn,
        box.reader((arrival) => read(arrival)),
      );
      const attempt = (reads: number): void => {
        made.length = 0;
        read = reader(box, reads);
        wait.wait();
        if (made.length === 0) return;
        tries++;
        box.fill();
      };
      for (let i = 0; i < 640; i++) attempt(1);
      expect(tries).toBeGreaterThan(5);
      expect(tries).toBeLessThan(20);
      for (let i = 0; i < 64; i++) attempt(50);
      tries = 0;
      for (let i = 0; i < 10; i++) attempt(50);
      expect(tries).toBe(10);
    });

    it('brings the time of the loop up to date, for timers that are set by a read and afterwards', () => {
      let updates = 0;
      const { box, wait } = setUp(open, { updateTime: () => updates++ });
      const seen: number[] = [];
      const endMs = performance.now() + 20;
      box.fill();
      wait((arrival) => {
        box.take(arrival);
        seen.push(updates);
        if (seen.length === 1) while (performance.now() < endMs);
        return seen.length < 2;
      });
      // Before it asks how long there is until the next timer, before the second read, and at the end.
      expect(seen).toEqual([1, 2]);
      expect(updates).toBe(3);
    });

    it('switches the socket on again whatever is thrown by a read', () => {
      const { box, wait, isOn } = setUp(open);
      expect(() =>
        wait(() => {
          throw new Error('a bug');
        }),
      ).toThrow('a bug');
      box.fill();
      expect(isOn()).toBe(true);
    });

    it('says so when the socket cannot be switched on again', () => {
      let isBegun = false;
      const { box, wait } = setUp(open, {
        controlEpoll: (...args) => (isBegun ? -1 : (loop?.controlEpoll(...args) ?? -1)),
      });
      const read = reader(box, 1, () => (isBegun = true));
      expect(() => wait(read)).toThrow(expect.objectContaining({ syscall: 'epoll_ctl' }));
    });

    it('may be closed by a read', () => {
      const { box, standIn } = setUp(open);
      let reads = 0;
      const read = reader(box, MANY, () => {
        reads++;
        wait.close();
      });
      const wait = new LoopWait(standIn, box.reader(read));
      wait.wait();
      expect(reads).toBe(1);
      wait.wait();
      expect(reads).toBe(1);
    });

    it('has the same descriptors for all sockets of a loop, each waits for its own, and none is left over', () => {
      const { box, other, standIn } = setUp(open);
      const seen: string[] = [];
      const follow = (one: Mailbox, name: string): LoopWait =>
        new LoopWait(standIn, one.reader(reader(one, 10, () => seen.push(name))));
      follow(box, 'one').wait();
      const between = descriptors();
      other.fill();
      follow(other, 'other').wait();
      box.fill();
      follow(box, 'one').wait();
      expect(seen).toEqual(['one', 'other', 'one'].flatMap((name) => Array<string>(10).fill(name)));
      expect(descriptors()).toBe(between);
      standIn.close();
      const after = descriptors();
      expect(after).toBeLessThan(between);
      // What is lent afterwards opens them again.
      box.fill();
      follow(box, 'one').wait();
      expect(descriptors()).toBe(between);
    });

    it('goes on without a socket that is closed, and with one that gets its number', () => {
      const { box, other, standIn } = setUp(open);
      let reads = 0;
      const count = (): void => void reads++;
      const first = new LoopWait(standIn, box.reader(reader(box, 10)));
      first.wait();
      first.close();
      box.fill();
      other.fill();
      new LoopWait(standIn, other.reader(reader(other, 10, count))).wait();
      // The one that is closed is read by nobody, and by the loop at once.
      expect(reads).toBe(1);
      other.drain();
      new LoopWait(standIn, box.reader(reader(box, 10, count))).wait();
      expect(reads).toBe(11);
    });

    it('leaves it to the loop, and tries it again later, where the socket cannot be switched off', () => {
      let isGiven = false;
      const { box, standIn, isOn } = setUp(open, {
        controlEpoll: (...args) => (isGiven ? (loop?.controlEpoll(...args) ?? -1) : -1),
      });
      expectLater(box, standIn, isOn, () => (isGiven = true));
    });
  },
);

/** That nothing is read in the place of the loop until `give` was called, and then soon. */
function expectLater(box: Mailbox, standIn: StandIn, isOn: () => boolean, give: () => void): void {
  let reads = 0;
  const wait = new LoopWait(standIn, box.reader(reader(box, 10, () => reads++)));
  const before = descriptors();
  for (let i = 0; i < 100; i++) wait.wait();
  expect(reads).toBe(0);
  expect(descriptors()).toBe(before);
  expect(isOn()).toBe(true);
  give();
  const hasRead = (): boolean => {
    wait.wait();
    return reads > 0;
  };
  expect(Array.from({ length: 64 }).some(hasRead)).toBe(true);
  expect(reads).toBe(10);
}

describe.skipIf(loop === undefined)(
  'an epoll descriptor in the place of the loop (where koffi works)',
  () => {
    it.each<[string, 'createEpoll' | 'createTimer' | 'setTimer']>([
      ['epoll', 'createEpoll'],
      ['a timer', 'createTimer'],
      ['to set the timer', 'setTimer'],
    ])('leaves it to the loop, and tries it again later, where the system does not give %s', (_, name) => {
      let isGiven = false;
      const real: ((...args: number[]) => number) | undefined = loop?.[name];
      const { box, standIn, isOn } = setUp(byEpoll, {
        [name]: (...args: number[]) => (isGiven ? (real?.(...args) ?? -1) : -1),
      });
      expectLater(box, standIn, isOn, () => (isGiven = true));
    });
  },
);

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

describe.skipIf(ring === undefined)('a ring in the place of the loop (Linux 6.1 and koffi)', () => {
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

it.skipIf(loop === undefined)(
  'what one callback leaves is due in the next one of its turn, and done in the next turn',
  async () => {
    const seen: (boolean | undefined)[] = [];
    const turn = (): Promise<void> =>
      new Promise((resolve) => {
        if (libc === undefined) return;
        const boxes = [new Mailbox(libc), new Mailbox(libc)];
        const polls = boxes.map((box) =>
          libc.poll(box.fd, () => {
            box.drain();
            seen.push(loop?.continuations.areDue);
            if (seen.length % 2 === 0) setImmediate(resolve);
          }),
        );
        onTestFinished(() => polls.forEach((poll) => poll.close()));
        for (const box of boxes) box.fill();
      });
    await turn();
    await turn();
    expect(seen).toEqual([false, true, false, true]);
    expect(loop?.continuations.areDue).toBe(false);
  },
);

it.skipIf(loop === undefined)(
  'nothing that the loop watches is told by edges, which would end no wait',
  () => {
    const watched = readFileSync(`/proc/self/fdinfo/${loop?.backendFd}`, 'latin1').matchAll(
      /events: +([0-9a-f]+)/g,
    );
    const events = [...watched].map(([, hex = '']) => parseInt(hex, 16));
    expect(events.length).toBeGreaterThan(0);
    expect(events.filter((bits) => (bits & EPOLLET) !== 0)).toEqual([]);
  },
);

it.skipIf(loop === undefined)('shows the loop of this process', async () => {
  let leftMs: number | undefined;
  const timer = setTimeout(() => undefined, 60_000);
  // While an immediate runs there is something to be done at once.
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      leftMs = loop?.timeoutMs();
      resolve();
    });
  });
  clearTimeout(timer);
  expect(leftMs).toBe(0);
  expect(loop?.backendFd).toBeGreaterThan(2);
});
