/** What both UDP listeners have to do: one suite, run on each of them. */
import { Socket } from 'node:dgram';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SILENCE } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import { ListenError } from '../../src/listen/listen-error.ts';
import type { Endpoint, Listener } from '../../src/listen/listener.ts';
import { chooseUdp } from '../../src/listen/udp.ts';
import type { ListenUdp, UdpMode } from '../../src/listen/udp.ts';
import { QR } from '../../src/wire/header.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { UdpClient } from '../support/udp-client.ts';
import { Answers, addressReply, atOnce, endpointOf, fate, refusing, surroundings } from './harness.ts';
import type { Surroundings } from './harness.ts';

const choose = (mode: UdpMode): Promise<ListenUdp> => {
  const { counters, log } = surroundings();
  return chooseUdp(mode, counters, log);
};

const makers = {
  dgram: await choose('dgram'),
  // koffi is an optional dependency.
  batch: await choose('batch').catch(() => undefined),
  // Nor is there an io_uring everywhere.
  ring: await choose('ring').catch(() => undefined),
};

interface Opened {
  readonly listener: Listener;
  readonly around: Surroundings;
}

function contract(make: ListenUdp | undefined): () => void {
  async function listen(endpoint: Endpoint, address = '127.0.0.1', port = 0): Promise<Opened> {
    if (make === undefined) throw new Error('batches do not work on this machine');
    const around = surroundings();
    const listener = await make({ address, port, clock: around.clock, counters: around.counters }, endpoint);
    onTestFinished(() => listener.close());
    return { listener, around };
  }

  return () => {
    it.each(['127.0.0.1', '::1'])('answers on %s, and tells the handler who asked where', async (host) => {
      const seen: Partial<Query>[] = [];
      const endpoint = endpointOf((query) => {
        const { transport, clientAddress, clientIsIpv6, clientPort, localAddress, localPort } = query;
        seen.push({ transport, clientAddress, clientIsIpv6, clientPort, localAddress, localPort });
        seen.push({ server: query.server, receivedMs: query.receivedMs, replyLimit: query.replyLimit });
        return addressReply(query);
      });
      const { listener, around } = await listen(endpoint, host);
      around.clock.advance(5);
      const client = await UdpClient.open({ host, port: listener.port });
      const reply = readReply(await client.ask(rawQuery({ id: 4711, name: 'wWw.test.' })));
      expect(reply).toMatchObject({
        id: 4711,
        question: 'wWw.test. IN A',
        answer: ['wWw.test. 60 IN A 192.0.2.1'],
      });
      expect(seen).toEqual([
        {
          transport: 'udp',
          clientAddress: host,
          clientIsIpv6: host === '::1',
          clientPort: client.port,
          localAddress: host,
          localPort: listener.port,
        },
        { server: endpoint.server, receivedMs: around.clock.nowMs(), replyLimit: 1232 },
      ]);
      expect(listener.address).toBe(host);
    });

    it('says nothing to responses and to what is too short', async () => {
      const { listener, around } = await listen(endpointOf(atOnce));
      const client = await UdpClient.open(listener);
      client.send(rawQuery({ id: 1, name: 'a.test.', flags: QR }));
      client.send(Buffer.alloc(0));
      client.send(Buffer.alloc(11));
      await client.ask(rawQuery({ id: 2, name: 'a.test.' }));
      expect(client.received).toHaveLength(1);
      expect(fate(around, 'dropped')).toBe(3);
    });

    it('refuses what cannot be served, and asks no handler', async () => {
      const answers = new Answers();
      const { listener, around } = await listen(endpointOf(answers.ask));
      const client = await UdpClient.open(listener);
      const name = 'a.test.';
      const formerr = await client.ask(rawQuery({ id: 1, name, counts: [1, 0, 0, 1] }));
      const notimp = await client.ask(rawQuery({ id: 2, name, flags: 5 << 11 }));
      const badvers = await client.ask(rawQuery({ id: 3, name, edns: { version: 1 } }));
      expect([readReply(formerr).rcode, readReply(notimp).rcode, readOpt(badvers)?.rcode]).toEqual([
        'FORMERR',
        'NOTIMP',
        16,
      ]);
      expect(fate(around, 'refused')).toBe(3);
      expect(answers.asked).toEqual([]);
    });

    it.each([513, 1500, 4096])('takes queries of more than 512 octets: %i', async (octets) => {
      const { listener } = await listen(endpointOf(atOnce));
      const client = await UdpClient.open(listener);
      const empty = rawQuery({ name: 'a.test.', edns: { options: [[12, Buffer.alloc(0)]] } }).length;
      const padding = Buffer.alloc(octets - empty);
      const message = rawQuery({ name: 'a.test.', edns: { options: [[12, padding]] } });
      expect(message).toHaveLength(octets);
      expect(readReply(await client.ask(message))).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
    });

    it("keeps replies to the client's size and to ours", async () => {
      const { listener } = await listen(
        endpointOf((query) => addressReply(query, 1, 200), { udpPayload: 1400 }),
      );
      const client = await UdpClient.open(listener);
      const sizeFor = async (id: number, udpSize?: number): Promise<number> => {
        const edns = udpSize === undefined ? undefined : { udpSize };
        const reply = readReply(await client.ask(rawQuery({ id, name: 'a.test.', edns })));
        expect(reply.flags).toContain('tc');
        return reply.octets;
      };
      expect(await sizeFor(1)).toBeGreaterThan(512 - 16);
      expect(await sizeFor(2)).toBeLessThanOrEqual(512);
      expect(await sizeFor(3, 1000)).toBeGreaterThan(1000 - 16);
      expect(await sizeFor(4, 1000)).toBeLessThanOrEqual(1000);
      expect(await sizeFor(5, 4000)).toBeGreaterThan(1400 - 16);
      expect(await sizeFor(6, 4000)).toBeLessThanOrEqual(1400);
    });

    it('answers later as answers are ready, each with its own question', async () => {
      const answers = new Answers();
      const { listener } = await listen(endpointOf(answers.ask));
      const client = await UdpClient.open(listener);
      const asked = ['a', 'b', 'c'].map((label, id) => client.ask(rawQuery({ id, name: `${label}.test.` })));
      await answers.untilAsked(3);
      expect(listener.inFlight).toBe(3);
      // A query that is answered at once, between those that wait.
      answers.give('b', (query) => addressReply(query, 2));
      expect(readReply(await asked[1])).toMatchObject({ id: 1, answer: ['b.test. 60 IN A 192.0.2.2'] });
      expect(listener.inFlight).toBe(2);
      answers.give('c', (query) => addressReply(query, 3));
      answers.give('a', () => refusing);
      expect(readReply(await asked[2])).toMatchObject({ id: 2, answer: ['c.test. 60 IN A 192.0.2.3'] });
      expect(readReply(await asked[0])).toMatchObject({ id: 0, question: 'a.test. IN A', rcode: 'REFUSED' });
      expect(listener.inFlight).toBe(0);
    });

    it('keeps a query that waits from those that come after it', async () => {
      const answers = new Answers();
      let first = true;
      const { listener } = await listen(
        endpointOf((query) => {
          if (!first) return addressReply(query);
          first = false;
          return answers.ask(query);
        }),
      );
      const client = await UdpClient.open(listener);
      const waiting = client.ask(rawQuery({ id: 9, name: 'WaItS.test.', edns: { dnssecOk: true } }));
      await answers.untilAsked(1);
      for (let id = 100; id < 110; id++) await client.ask(rawQuery({ id, name: 'other-and-longer.test.' }));
      answers.give('waits', () => refusing);
      const reply = await waiting;
      expect(readReply(reply)).toMatchObject({ id: 9, question: 'WaItS.test. IN A', hasOpt: true });
      expect(readOpt(reply)?.dnssecOk).toBe(true);
    });

    it('answers each of many at once, from several clients', async () => {
      const { listener } = await listen(
        endpointOf((query) => addressReply(query, Number(query.nameText.split('.', 1)))),
      );
      const clients = await Promise.all([1, 2, 3].map(() => UdpClient.open(listener)));
      const replies = await Promise.all(
        Array.from({ length: 150 }, (_, id) => clients[id % 3].ask(rawQuery({ id, name: `${id}.test.` }))),
      );
      expect(replies.map((reply) => readReply(reply).answer)).toEqual(
        Array.from({ length: 150 }, (_, id) => [`${id}.test. 60 IN A 192.0.2.${id}`]),
      );
    });

    it('sends nothing where the outcome is silence', async () => {
      const { listener } = await listen(
        endpointOf((query) => (query.nameText === 'quiet.test.' ? SILENCE : addressReply(query))),
      );
      const client = await UdpClient.open(listener);
      client.send(rawQuery({ id: 1, name: 'quiet.test.' }));
      await client.ask(rawQuery({ id: 2, name: 'loud.test.' }));
      expect(client.received).toHaveLength(1);
    });

    it('lets a bug cost its one query, counts it and logs where it was', async () => {
      const { listener, around } = await listen(
        endpointOf((query) => {
          if (query.nameText === 'bug.test.') throw new Error('a bug');
          return addressReply(query);
        }),
      );
      const client = await UdpClient.open(listener);
      client.send(rawQuery({ id: 1, name: 'bug.test.' }));
      expect(readReply(await client.ask(rawQuery({ id: 2, name: 'fine.test.' })))).toMatchObject({
        rcode: 'NOERROR',
      });
      expect(around.metrics.value('coredns_panics_total')).toBe(1);
      expect(around.log.lines.join('\n')).toMatch(/error bug in a listener: Error: a bug\n.*udp\.test\.ts/);
    });

    it('hands new queries to new servers, while old ones stay where they are', async () => {
      const old = new Answers();
      const { listener } = await listen(endpointOf(old.ask));
      const client = await UdpClient.open(listener);
      const before = client.ask(rawQuery({ id: 1, name: 'before.test.' }));
      await old.untilAsked(1);
      const servers: string[] = [];
      listener.serve(
        endpointOf(
          (query) => {
            servers.push(query.server.label);
            return addressReply(query, 2, 200);
          },
          { server: { index: 1, label: 'dns://new:53' }, udpPayload: 4000 },
        ),
      );
      const after = await client.ask(rawQuery({ id: 2, name: 'after.test.', edns: { udpSize: 4000 } }));
      expect(servers).toEqual(['dns://new:53']);
      expect(after.length).toBeGreaterThan(1232);
      old.give('before');
      expect(readReply(await before).answer).toEqual(['before.test. 60 IN A 192.0.2.1']);
    });

    it('reads what waits in the socket before it is closed, and answers it', async () => {
      const { listener } = await listen(endpointOf(atOnce));
      const client = await UdpClient.open(listener);
      const asked = Array.from({ length: 100 }, (_, id) => client.ask(rawQuery({ id, name: 'a.test.' })));
      // Not one of them has been read: this is still the turn in which they were sent.
      await listener.drain(5_000);
      expect(await Promise.all(asked)).toHaveLength(100);
      await listen(endpointOf(atOnce), '127.0.0.1', listener.port);
    });

    it('waits for the answers that are due before it is closed', async () => {
      const answers = new Answers();
      const { listener } = await listen(endpointOf(answers.ask));
      const client = await UdpClient.open(listener);
      const asked = client.ask(rawQuery({ id: 1, name: 'due.test.' }));
      await answers.untilAsked(1);
      const drained = listener.drain(5_000);
      answers.give('due');
      await drained;
      expect(readReply(await asked).answer).toHaveLength(1);
      expect(listener.inFlight).toBe(0);
    });

    it('does not wait longer than it is allowed to, and drops what comes too late', async () => {
      const answers = new Answers();
      const { listener, around } = await listen(endpointOf(answers.ask));
      const client = await UdpClient.open(listener);
      client.send(rawQuery({ id: 1, name: 'never.test.' }));
      await answers.untilAsked(1);
      await listener.drain(20);
      await listen(endpointOf(atOnce), '127.0.0.1', listener.port);
      answers.give('never');
      await new Promise(setImmediate);
      expect(around.metrics.value('coredns_panics_total')).toBe(0);
    });

    it('may be closed twice', async () => {
      const { listener } = await listen(endpointOf(atOnce));
      await listener.close();
      await listener.close();
      await listen(endpointOf(atOnce), '127.0.0.1', listener.port);
    });

    it('holds its port for itself', async () => {
      const { listener } = await listen(endpointOf(atOnce));
      const error: unknown = await listen(endpointOf(atOnce), '127.0.0.1', listener.port).catch(
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(ListenError);
      expect(error).toMatchObject({ code: 'EADDRINUSE' });
      expect(String(error)).toContain(
        `listen udp 127.0.0.1:${listener.port}: bind: address already in use, held by`,
      );
    });

    it('says that an address is not of this host', async () => {
      await expect(listen(endpointOf(atOnce), '192.0.2.1')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    });

    it('stands on all addresses of both families side by side', async () => {
      const { listener } = await listen(endpointOf(atOnce), '0.0.0.0');
      const addresses: string[] = [];
      await listen(
        endpointOf((query) => {
          addresses.push(query.clientAddress);
          return addressReply(query);
        }),
        '::',
        listener.port,
      );
      for (const host of ['127.0.0.1', '::1']) {
        const client = await UdpClient.open({ host, port: listener.port });
        expect(readReply(await client.ask(rawQuery({ id: 1, name: 'a.test.' }))).answer).toHaveLength(1);
      }
      expect(addresses).toEqual(['::1']);
    });
  };
}

describe('UDP by dgram', contract(makers.dgram));
describe.skipIf(makers.batch === undefined)('UDP by batch (where koffi works)', contract(makers.batch));
describe.skipIf(makers.ring === undefined)(
  'UDP by ring (where koffi works, Linux 6.1)',
  contract(makers.ring),
);

it('by dgram, a datagram from port 0 is dropped: nobody can be answered there', async () => {
  const bind = vi.spyOn(Socket.prototype, 'bind');
  onTestFinished(() => bind.mockRestore());
  const around = surroundings();
  const asked = new Answers();
  const listener = await makers.dgram(
    { address: '127.0.0.1', port: 0, clock: around.clock, counters: around.counters },
    endpointOf(asked.ask),
  );
  onTestFinished(() => listener.close());
  const [socket] = bind.mock.contexts;
  if (!(socket instanceof Socket)) throw new Error('no socket was bound');
  // As the kernel would have it; no process can send such a datagram without a raw socket.
  const message = rawQuery({ name: 'a.test.' });
  socket.emit('message', message, { address: '192.0.2.1', family: 'IPv4', port: 0, size: message.length });
  expect(fate(around, 'dropped')).toBe(1);
  expect(asked.asked).toEqual([]);
});

const elsewhere = (): void => {
  const { platform } = process;
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
};

/** The system refuses it: a ring without any entries. */
async function withoutRings(): Promise<void> {
  const { ring } = await loadLibc();
  const setUp = ring.setUp.bind(ring);
  const refused = vi.spyOn(ring, 'setUp').mockImplementation((_, params) => setUp(0, params));
  onTestFinished(() => refused.mockRestore());
}

describe('the choice between them', () => {
  it('is one datagram at a time where batches do not work, and says so', async () => {
    elsewhere();
    const { counters, log } = surroundings();
    expect(await chooseUdp('auto', counters, log)).toBe(makers.dgram);
    expect(log.lines).toEqual([
      `warn batched datagrams do not work here: no batched datagrams on darwin ${process.arch}; ` +
        'serving UDP one datagram at a time',
    ]);
  });

  it.each<UdpMode>(['batch', 'ring'])(
    'is an error where %s was asked for and does not work',
    async (mode) => {
      elsewhere();
      await expect(choose(mode)).rejects.toThrow(
        'batched datagrams do not work here: no batched datagrams on darwin',
      );
    },
  );

  it.runIf(makers.batch)('is an error where a ring was asked for and the system gives none', async () => {
    await withoutRings();
    await expect(choose('ring')).rejects.toThrow(
      'batched datagrams do not work here: no io_uring: invalid argument',
    );
  });

  it.runIf(makers.batch)(
    'is batches without a ring where the system gives none, which only a debug line says',
    async () => {
      await withoutRings();
      const { counters, log } = surroundings();
      expect(await chooseUdp('auto', counters, log)).not.toBe(makers.dgram);
      expect(log.lines).toEqual(['info no io_uring: invalid argument; datagrams are waited for with epoll']);
    },
  );

  it.runIf(makers.batch)('is batches where they work, without a word', async () => {
    const { counters, log } = surroundings();
    expect(await chooseUdp('auto', counters, log)).not.toBe(makers.dgram);
    expect(log.lines).toEqual([]);
  });
});
