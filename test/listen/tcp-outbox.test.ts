import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TcpOutbox } from '../../src/listen/tcp-outbox.ts';

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

/** A large one, different from its neighbours. */
const large = (index: number): Buffer => Buffer.alloc(60_000, index % 251);

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

  it('stay as they were while they wait for a client that reads slowly', async () => {
    const slow = await connection();
    const other = await connection();
    slow.client.pause();
    other.client.resume();
    const outbox = new TcpOutbox();
    let messages = 0;
    // More than the kernel takes, and a few behind that.
    for (let behind = 0; behind < 5; messages++) {
      put(outbox, slow.socket, large(messages));
      outbox.flush(slow.socket, nothing);
      if (slow.socket.writableLength > 0) behind++;
      put(outbox, other.socket, Buffer.alloc(60_000, 255));
      outbox.flush(other.socket, nothing);
    }
    const received = await receive(slow.client, messages * 60_002);
    for (let index = 0; index < messages; index++) {
      const start = index * 60_002;
      expect(received.readUInt16BE(start)).toBe(60_000);
      expect(received.subarray(start + 2, start + 60_002).equals(large(index))).toBe(true);
    }
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
