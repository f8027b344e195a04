import { closeSync, writeSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BATCH_SIZE, BatchMemory } from '../../src/datagram/batch-memory.ts';
import { openConnectedSocket } from '../../src/datagram/connected-socket.ts';
import { openDatagramSocket } from '../../src/datagram/datagram-socket.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import { Receiver } from '../../src/datagram/receiver.ts';

const libc = await loadLibc().catch(() => undefined);
const NOTHING_SENT = { octets: 5, send: () => expect.fail('sent') };

const newInbox = (): BatchMemory =>
  new BatchMemory((octets) => libc?.addressOf(octets) ?? expect.fail('there is nothing to test here'));

/** @returns `send` for datagrams, `texts` of the first of those that are in the inbox, and how often the system was asked for some. */
function setUp(
  address = '127.0.0.1',
  inbox = newInbox(),
): {
  receiver: Receiver;
  inbox: BatchMemory;
  send: (...texts: string[]) => void;
  texts: (count: number) => string[];
  asked: () => number;
} {
  if (libc === undefined) throw new Error('there is nothing to test here');
  const calls = libc;
  const socket = openDatagramSocket(calls, address, 0, 0, false);
  const sender = openConnectedSocket(calls, {
    host: '127.0.0.1',
    port: socket.port,
    sourceAddress: undefined,
  });
  onTestFinished(() => {
    for (const { fd } of [socket, sender]) closeSync(fd);
  });
  let asked = 0;
  const recvmmsg: typeof calls.recvmmsg = (...args) => {
    asked++;
    return calls.recvmmsg(...args);
  };
  const textOf = (index: number): string =>
    Buffer.from(inbox.buffers[index].subarray(0, inbox.receivedOctets(index))).toString('latin1');
  return {
    receiver: new Receiver({ recvmmsg }, inbox, socket),
    inbox,
    send: (...texts) => texts.forEach((text) => writeSync(sender.fd, text)),
    texts: (count) => Array.from({ length: count }, (_, index) => textOf(index)),
    asked: () => asked,
  };
}

describe.skipIf(libc === undefined)('a receiver (where koffi works)', () => {
  it('receives all that has come, a batch at most', () => {
    const { receiver, send, texts } = setUp();
    const sent = Array.from({ length: BATCH_SIZE + 1 }, (_, index) => `text ${index}`);
    send(...sent);
    expect(receiver.receive()).toBe(BATCH_SIZE);
    expect(texts(BATCH_SIZE)).toEqual(sent.slice(0, BATCH_SIZE));
    expect(receiver.receive()).toBe(1);
    expect(texts(1)).toEqual(sent.slice(BATCH_SIZE));
  });

  it('says when the system has nothing', () => {
    const { receiver } = setUp();
    expect(receiver.receive()).toBe(-1);
  });

  it('has what came with a datagram that is there already behind it', () => {
    const { receiver, inbox, send, texts } = setUp();
    receiver.makeRoom();
    inbox.buffers[0].set(Buffer.from('first'));
    send('second', 'third');
    expect(receiver.receive(NOTHING_SENT)).toBe(3);
    expect(texts(3)).toEqual(['first', 'second', 'third']);
  });

  it('looks for others seldom where datagrams come alone, and each time where they do not', () => {
    const { receiver, send, asked } = setUp();
    receiver.makeRoom();
    for (let i = 0; i < 80; i++) receiver.receive(NOTHING_SENT);
    expect(asked()).toBeGreaterThan(5);
    expect(asked()).toBeLessThan(20);
    // The one that is due finds something.
    send('second');
    while (receiver.receive(NOTHING_SENT) === 1);
    const before = asked();
    for (let i = 0; i < 10; i++) {
      send('second');
      expect(receiver.receive(NOTHING_SENT)).toBe(2);
    }
    expect(asked()).toBe(before + 10);
  });

  it('has room for the address that was asked where all are listened on, whatever the socket before had', () => {
    const inbox = newInbox();
    const one = setUp('127.0.0.1', inbox);
    const wildcard = setUp('0.0.0.0', inbox);
    for (const { receiver, send } of [one, wildcard, one, wildcard]) {
      send('x');
      expect(receiver.receive()).toBe(1);
      const hasControl = inbox.controlOctets(0) > 0;
      expect(hasControl).toBe(receiver === wildcard.receiver);
    }
  });
});
