import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OUTBOX_OCTETS, TcpOutbox } from '../../src/listen/tcp-outbox.ts';

/** Two ends of a connection. */
async function connection(): Promise<{ socket: Socket; client: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const [socket] = await accepted;
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return { socket, client };
}

async function receive(client: Socket, octets: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of client.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= octets) break;
  }
  return Buffer.concat(chunks);
}

/** Different from its neighbours. */
const numbered = (index: number, octets: number): Buffer => Buffer.alloc(octets, index % 251);

/** A client that takes nothing, and what was written to it. */
function stalled(): { socket: Socket; written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  const socket = {
    writable: true,
    writableLength: 0,
    write: (chunk: Uint8Array) => {
      written.push(chunk);
      socket.writableLength += chunk.length;
      return false;
    },
  };
  return { socket: socket as unknown as Socket, written };
}

const nothing = (): void => undefined;

function put(outbox: TcpOutbox, socket: Socket, message: Uint8Array): void {
  outbox.room(message.length, socket, nothing).set(message);
  outbox.put(message.length);
}

describe('answers over TCP', () => {
  it('leave in one write, each behind its length', async () => {
    const { socket, client } = await connection();
    const outbox = new TcpOutbox();
    put(outbox, socket, Buffer.from('one'));
    put(outbox, socket, Buffer.from('three'));
    const sent = new Promise<void>((resolve) => outbox.flush(socket, resolve));
    const [chunk] = (await once(client, 'data')) as [Buffer];
    expect(String(chunk)).toBe('\0\x03one\0\x05three');
    await sent;
  });

  it('count only once they are whole', async () => {
    const { socket, client } = await connection();
    const outbox = new TcpOutbox();
    outbox.room(100, socket, nothing).fill(1);
    put(outbox, socket, Buffer.from('whole'));
    outbox.flush(socket, nothing);
    const [chunk] = (await once(client, 'data')) as [Buffer];
    expect(String(chunk)).toBe('\0\x05whole');
  });

  it('are forgotten where the client is gone, and reach nobody else', async () => {
    const gone = await connection();
    const other = await connection();
    const outbox = new TcpOutbox();
    gone.socket.destroy();
    put(outbox, gone.socket, Buffer.from('gone'));
    outbox.flush(gone.socket, nothing);
    put(outbox, other.socket, Buffer.from('other'));
    outbox.flush(other.socket, nothing);
    const [chunk] = (await once(other.client, 'data')) as [Buffer];
    expect(String(chunk)).toBe('\0\x05other');
  });

  it.each([60_000, 5_000])(
    'of %i octets stay as they were while they wait for a client that reads slowly',
    async (octets) => {
      const slow = await connection();
      const other = await connection();
      slow.client.pause();
      other.client.resume();
      const outbox = new TcpOutbox();
      let messages = 0;
      // More than the kernel takes, and a few behind that.
      for (let behind = 0; behind < 5; messages++) {
        put(outbox, slow.socket, numbered(messages, octets));
        outbox.flush(slow.socket, nothing);
        if (slow.socket.writableLength > 0) behind++;
        put(outbox, other.socket, Buffer.alloc(octets, 255));
        outbox.flush(other.socket, nothing);
      }
      const received = await receive(slow.client, messages * (octets + 2));
      for (let index = 0; index < messages; index++) {
        const start = index * (octets + 2);
        expect(received.readUInt16BE(start)).toBe(octets);
        const message = received.subarray(start + 2, start + 2 + octets);
        expect(message.equals(numbered(index, octets))).toBe(true);
      }
    },
  );

  it('take little memory for a client that reads nothing, however many there are', () => {
    const outbox = new TcpOutbox();
    const clients = Array.from({ length: 100 }, stalled);
    clients.forEach(({ socket }, index) => {
      put(outbox, socket, Buffer.from(`client ${index}`));
      outbox.flush(socket, nothing);
    });
    const memories = new Set(clients.map(({ written: [chunk] }) => chunk.buffer));
    for (const { byteLength } of memories) expect(byteLength).toBeLessThanOrEqual(OUTBOX_OCTETS);
    expect(memories.size).toBe(clients.length);
    clients.forEach(({ written: [chunk] }, index) => expect(String(chunk)).toContain(`client ${index}`));
  });

  it('have room for the longest message behind others', async () => {
    const { socket, client } = await connection();
    const outbox = new TcpOutbox();
    const longest = Buffer.alloc(65_535, 7);
    for (let i = 0; i < 4; i++) put(outbox, socket, longest);
    outbox.flush(socket, nothing);
    const received = await receive(client, 4 * 65_537);
    expect(received).toHaveLength(4 * 65_537);
    expect(received.lastIndexOf(Buffer.of(0xff, 0xff, 7))).toBe(3 * 65_537);
  });
});
