/**
 * The floor for our own code: what the batching listener does, without DNS. Datagrams are read, copied into the outbox, marked as responses
 * and sent, through the same memory and system calls as the daemon's. Usage: `node echo-batch.ts PORT`, on 127.0.0.1, until it is killed.
 */
import { BATCH_SIZE, BatchMemory } from '../../src/datagram/batch-memory.ts';
import { BatchOutbox } from '../../src/listen/batch-outbox.ts';
import { BatchQuery } from '../../src/listen/batch-query.ts';
import { openDatagramSocket } from '../../src/datagram/datagram-socket.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import type { Arrival } from '../../src/datagram/stand-in.ts';
import { LoopEpoll } from '../../src/datagram/loop-epoll.ts';
import { LoopRing } from '../../src/datagram/loop-ring.ts';
import { LoopWait } from '../../src/datagram/loop-wait.ts';
import { Receiver } from '../../src/datagram/receiver.ts';

/** QR, in the third octet of a message (RFC 1035 section 4.1.1). */
const QR_OCTET = 2;
const QR_BIT = 0x80;

const libc = await loadLibc();
const inbox = new BatchMemory((octets) => libc.addressOf(octets));
const outbox = new BatchOutbox(libc, { sendFailed: () => undefined });
const socket = openDatagramSocket(libc, '127.0.0.1', Number(process.argv[2]), 0, false);
const receiver = new Receiver(libc, inbox, socket);
const { fd } = socket;
const sender = new BatchQuery();

const { loop } = libc;
const standIn = loop && (LoopRing.open(libc, loop, libc.ring, () => undefined) ?? new LoopEpoll(libc, loop));
const read = (arrival?: Arrival): boolean => {
  echoBatch(arrival);
  return true;
};
const loopWait =
  standIn &&
  new LoopWait(standIn, { fd, message: receiver.message, makeRoom: () => receiver.makeRoom(), read });

const poll = libc.poll(fd, () => {
  while (echoBatch() === BATCH_SIZE);
  loopWait?.wait();
});
// What nothing refers to is collected, and the program ends.
process.once('exit', () => poll.close());

/** @returns how many datagrams there were. */
function echoBatch(arrival?: Arrival): number {
  const count = receiver.receive(arrival);
  for (let i = 0; i < count; i++) {
    const octets = inbox.receivedOctets(i);
    const received = inbox.buffers[i];
    const out = outbox.next(fd);
    for (let at = 0; at < octets; at++) out[at] = received[at];
    out[QR_OCTET] |= QR_BIT;
    sender.from(inbox.addresses[i]);
    outbox.put(sender, octets);
  }
  outbox.flush(arrival);
  return count;
}
