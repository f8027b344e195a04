/** What is the same with each of those that may wait in the place of the loop. */
import { describe, expect, it } from 'vitest';
import { LoopWait } from '../../src/datagram/loop-wait.ts';
import {
  MANY,
  byEpoll,
  byRing,
  descriptors,
  expectLater,
  hasRing,
  loop,
  reader,
  setUp,
} from './loop-wait-harness.ts';
import type { Arrival } from '../../src/datagram/stand-in.ts';
import type { Mailbox, Open } from './loop-wait-harness.ts';

/** Not at once, nor in the next of the promises to be continued. */
async function continued(then: () => void): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
  then();
}

const KINDS: [string, Open][] = [
  ['an epoll descriptor', byEpoll],
  ...(!hasRing ? [] : ([['a ring', byRing]] as [string, Open][])),
];

it.skipIf(loop === undefined)('there is a ring to test, as on every Linux from 6.1 on that allows it', () => {
  expect(hasRing).toBe(true);
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
        20,
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

    it('goes on past a look for other work while datagrams come, without giving the socket back', () => {
      let looks = 0;
      let before = 0;
      const { box, standIn, made, isOn } = setUp(open);
      const extend = standIn.extend.bind(standIn);
      standIn.extend = (mostMs) => {
        looks += before > 0 ? 1 : 0;
        expect(mostMs).toBe(10);
        return extend(mostMs);
      };
      const read = (arrival?: Arrival): boolean => {
        before ||= made.length;
        box.take(arrival);
        box.fill();
        return looks < 5;
      };
      new LoopWait(standIn, box.reader(read), 10).wait();
      expect(looks).toBe(5);
      // To the loop, at the end.
      expect(made.length).toBe(before + 1);
      expect(isOn()).toBe(true);
    });

    it('ends at a look where hardly anything came since the one before', () => {
      const { box, standIn } = setUp(open);
      let reads = 0;
      let looks = 0;
      const read = (arrival?: Arrival): boolean => {
        box.take(arrival);
        reads++;
        if (looks === 0) box.fill();
        return true;
      };
      const wait = new LoopWait(standIn, box.reader(read), 10);
      const extend = standIn.extend.bind(standIn);
      standIn.extend = (mostMs) => {
        looks += reads > 0 ? 1 : 0;
        return extend(mostMs);
      };
      wait.wait();
      expect(looks).toBe(1);
    });

    it('loses nothing that comes after a look at which there was nothing', () => {
      const { box, standIn } = setUp(open);
      const seen: string[] = [];
      const read = (arrival?: Arrival): boolean => {
        seen.push(box.take(arrival));
        if (seen.length < 10) box.fill();
        return seen.at(-1) !== 'last';
      };
      const wait = new LoopWait(standIn, box.reader(read), 10);
      const extend = standIn.extend.bind(standIn);
      standIn.extend = (mostMs) => {
        if (seen.length > 0) for (const text of ['one', 'two', 'last']) box.fill(text);
        return extend(mostMs);
      };
      wait.wait();
      expect(seen.slice(10)).toEqual(['one', 'two', 'last']);
    });

    it('continues what the last read has left though nothing more comes, and ends where that is work for the loop', async () => {
      let leftMs = -1;
      const { box, wait } = setUp(open, { timeoutMs: () => leftMs });
      let reads = 0;
      await new Promise<void>((resolve) => {
        setImmediate(() => {
          wait((arrival) => {
            box.take(arrival);
            if (++reads < 10) box.fill();
            else void continued(() => (leftMs = 0));
            return true;
          }, 10);
          expect(leftMs).toBe(0);
          resolve();
        });
      });
      expect(reads).toBe(10);
    });

    it('ends at a look where the time cannot be given anew', () => {
      const { box, standIn, isOn } = setUp(open);
      const read = (arrival?: Arrival): boolean => {
        standIn.extend = () => false;
        box.take(arrival);
        box.fill();
        return true;
      };
      new LoopWait(standIn, box.reader(read), 10).wait();
      expect(isOn()).toBe(true);
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

    it('was worth it where it ends soon after a look', () => {
      const { box, standIn, made } = setUp(open);
      let reads = 0;
      let isLookedAt = false;
      const read = (arrival?: Arrival): boolean => {
        reads++;
        box.take(arrival);
        box.fill();
        return !isLookedAt;
      };
      const wait = new LoopWait(standIn, box.reader(read), 10);
      const extend = standIn.extend.bind(standIn);
      standIn.extend = (mostMs) => {
        isLookedAt = reads > 0;
        return extend(mostMs);
      };
      for (let i = 0; i < 3; i++) {
        [isLookedAt, reads] = [false, 0];
        made.length = 0;
        wait.wait();
        expect(made, `the stay ${i}`).not.toEqual([]);
      }
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
