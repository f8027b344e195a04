import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { Mailbox, libc, loop } from './loop-wait-harness.ts';

const EPOLLET = 1 << 31;

it.skipIf(loop === undefined)(
  'what one callback leaves is due in the next one of its turn, and done in the next turn',
  async () => {
    const seen: (boolean | undefined)[] = [];
    const turn = (): Promise<void> =>
      new Promise((resolve) => {
        if (libc === undefined) return;
        const calls = libc;
        const boxes = [new Mailbox(calls), new Mailbox(calls)];
        const polls = boxes.map((box) =>
          calls.poll(box.fd, () => {
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
