import { array, assert, constantFrom, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SEGMENTS, MAX_SEGMENT_OCTETS, NONE, SegmentPlan } from '../../src/datagram/segment-plan.ts';

interface Datagram {
  readonly client: string;
  readonly octets: number;
}

/** The messages of a plan as lists of datagrams, each with its length. */
function planned(datagrams: readonly Datagram[]): { size: number; datagrams: number[] }[] {
  const plan = new SegmentPlan(64);
  plan.clear();
  datagrams.forEach(({ client, octets }, index) => {
    plan.add(
      index,
      datagrams.findIndex((other) => other.client === client),
      octets,
    );
  });
  return Array.from({ length: plan.messages }, (_, message) => {
    const inOrder: number[] = [];
    for (let at = plan.first[message]; at !== NONE; at = plan.next[at]) inOrder.push(at);
    expect(plan.counts[message]).toBe(inOrder.length);
    return { size: plan.sizes[message], datagrams: inOrder };
  });
}

const to = (client: string, ...lengths: number[]): Datagram[] =>
  lengths.map((octets) => ({ client, octets }));

describe('segment plan', () => {
  it.each([
    { name: 'one alone', datagrams: to('a', 50), messages: [{ size: 50, datagrams: [0] }] },
    { name: 'a pair of equals', datagrams: to('a', 50, 50), messages: [{ size: 50, datagrams: [0, 1] }] },
    { name: 'the longer first', datagrams: to('a', 72, 60), messages: [{ size: 72, datagrams: [0, 1] }] },
    { name: 'the shorter first', datagrams: to('a', 60, 72), messages: [{ size: 72, datagrams: [1, 0] }] },
    {
      name: 'a full one before the short one that ends the message',
      datagrams: to('a', 72, 60, 72),
      messages: [{ size: 72, datagrams: [2, 0, 1] }],
    },
    {
      name: 'a second short one',
      datagrams: to('a', 72, 60, 60, 60),
      messages: [
        { size: 72, datagrams: [0, 1] },
        { size: 60, datagrams: [2, 3] },
      ],
    },
    {
      name: 'two clients in turns',
      datagrams: [...to('a', 50), ...to('b', 50), ...to('a', 50), ...to('b', 40)],
      messages: [
        { size: 50, datagrams: [0, 2] },
        { size: 50, datagrams: [1, 3] },
      ],
    },
    {
      name: 'one that is too long, between two that are not',
      datagrams: to('a', 50, MAX_SEGMENT_OCTETS + 1, 50),
      messages: [
        { size: 50, datagrams: [0, 2] },
        { size: MAX_SEGMENT_OCTETS + 1, datagrams: [1] },
      ],
    },
    {
      name: 'one that is too long, and comes first',
      datagrams: to('a', MAX_SEGMENT_OCTETS + 1, 50, 50),
      messages: [
        { size: MAX_SEGMENT_OCTETS + 1, datagrams: [0] },
        { size: 50, datagrams: [1, 2] },
      ],
    },
    {
      name: 'those that may not be joined',
      datagrams: to('a', 0, 0),
      messages: [
        { size: 0, datagrams: [0] },
        { size: 0, datagrams: [1] },
      ],
    },
  ])('$name', ({ datagrams, messages }) => {
    expect(planned(datagrams)).toEqual(messages);
  });

  it('begins another message when one is full', () => {
    const plan = planned(to('a', ...Array.from({ length: MAX_SEGMENTS + 1 }, () => 50)));
    expect(plan.map(({ datagrams }) => datagrams.length)).toEqual([MAX_SEGMENTS, 1]);
  });

  it('forgets the messages of the batch before', () => {
    const plan = new SegmentPlan(64);
    plan.add(0, 0, 50);
    plan.clear();
    plan.add(0, 0, 50);
    plan.add(1, 0, 50);
    expect([plan.messages, plan.first[0], plan.next[0], plan.next[1]]).toEqual([1, 0, 1, NONE]);
  });

  it('sends every datagram once, to its own client, in messages that the kernel can cut', () => {
    const datagram = record({
      client: constantFrom('a', 'b', 'c'),
      octets: constantFrom(0, 40, 60, 60, 72, 1232, 1233, 4096),
    });
    assert(
      property(array(datagram, { maxLength: 64 }), (datagrams) => {
        const messages = planned(datagrams);
        const sent = messages.flatMap((message) => message.datagrams);
        expect(sent.toSorted((one, other) => one - other)).toEqual(datagrams.map((_, index) => index));
        for (const { size, datagrams: parts } of messages) {
          expect(new Set(parts.map((part) => datagrams[part].client)).size).toBe(1);
          if (parts.length === 1) continue;
          const lengths = parts.map((part) => datagrams[part].octets);
          expect(lengths.slice(0, -1).every((octets) => octets === size)).toBe(true);
          expect(lengths.at(-1)).toBeLessThanOrEqual(size);
          expect(size).toBeLessThanOrEqual(MAX_SEGMENT_OCTETS);
          expect(lengths.at(-1)).toBeGreaterThan(0);
        }
      }),
    );
  });
});
