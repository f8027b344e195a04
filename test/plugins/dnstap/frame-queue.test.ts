import { describe, expect, it } from 'vitest';
import { FrameQueue } from '../../../src/plugins/dnstap/frame-queue.ts';

const OCTETS = 1024 * 1024;

/** Takes everything off, block by block. */
function drain(queue: FrameQueue): Buffer[] {
  const blocks: Buffer[] = [];
  for (let block = queue.take(); block !== undefined; block = queue.take()) {
    blocks.push(Buffer.from(block.octets.subarray(0, block.length)));
    queue.giveBack(block);
  }
  return blocks;
}

describe('the queue of frames', () => {
  it('gives each payload behind its length, the first one first, together', () => {
    const queue = new FrameQueue(10, OCTETS);
    expect(queue.put(Buffer.from('ab'))).toBe(true);
    expect(queue.put(Buffer.from('c'))).toBe(true);
    expect(queue.waitingOctets).toBe(11);
    expect(drain(queue).map((block) => block.toString('hex'))).toEqual(['0000000261620000000163']);
    expect([queue.waitingOctets, queue.take()]).toEqual([0, undefined]);
  });

  it('uses memory again as if it were new', () => {
    const queue = new FrameQueue(10, OCTETS);
    queue.put(Buffer.from('longer than what follows'));
    drain(queue);
    queue.put(Buffer.from('a'));
    expect(drain(queue).map((block) => block.toString('hex'))).toEqual(['0000000161']);
  });

  it('copies what it is given', () => {
    const queue = new FrameQueue(10, OCTETS);
    const payload = Buffer.from('ab');
    queue.put(payload);
    payload.fill(0);
    expect(drain(queue)[0].subarray(4).toString()).toBe('ab');
  });

  it('takes no more messages than it may', () => {
    const queue = new FrameQueue(2, OCTETS);
    expect([1, 2, 3].map((octet) => queue.put(Uint8Array.of(octet)))).toEqual([true, true, false]);
    drain(queue);
    expect(queue.put(Uint8Array.of(4))).toBe(true);
  });

  it('takes no more octets than it may, lengths included, but smaller messages still', () => {
    const queue = new FrameQueue(100, 20);
    expect([10, 3, 2].map((length) => queue.put(new Uint8Array(length)))).toEqual([true, false, true]);
    expect(queue.waitingOctets).toBe(20);
  });

  it('keeps the order over many blocks, and messages of any length', () => {
    const queue = new FrameQueue(1_000, 10 * OCTETS);
    const payloads = Array.from({ length: 300 }, (_, index) => Buffer.alloc(index * index, index));
    for (const payload of payloads) expect(queue.put(payload)).toBe(true);
    const expected = payloads.flatMap((payload) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(payload.length);
      return [length, payload];
    });
    const blocks = drain(queue);
    expect(blocks.length).toBeGreaterThan(2);
    expect(Buffer.concat(blocks).equals(Buffer.concat(expected))).toBe(true);
  });

  it('does not write into a block that somebody has', () => {
    const queue = new FrameQueue(10, OCTETS);
    queue.put(Buffer.from('first'));
    const block = queue.take();
    queue.put(Buffer.from('other'));
    expect(block?.octets.toString('latin1', 4, 9)).toBe('first');
  });

  it('forgets what waits, and tells how much that was', () => {
    const queue = new FrameQueue(2, OCTETS);
    queue.put(Uint8Array.of(1));
    queue.put(Uint8Array.of(2));
    expect(queue.clear()).toBe(2);
    expect([queue.waitingOctets, queue.clear(), queue.put(Uint8Array.of(3))]).toEqual([0, 0, true]);
  });
});
