import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SILENCE } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import { FIRST_QUERY_MS } from '../../src/listen/tcp-connection.ts';
import { ListenError } from '../../src/listen/listen-error.ts';
import { MAX_CONNECTIONS } from '../../src/listen/tcp.ts';
import { QR } from '../../src/wire/header.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { Answers, addressReply, atOnce, endpointOf, fate, refusing } from './harness.ts';
import { QUERIES, answers, ask, listen, openConnections, stalled, until } from './tcp-harness.ts';

describe('TCP', () => {
  it.each(['127.0.0.1', '::1'])('answers on %s, and tells the handler who asked where', async (host) => {
    const seen: Partial<Query>[] = [];
    const endpoint = endpointOf((query) => {
      const { transport, clientAddress, clientIsIpv6, localAddress, localPort, server, receivedMs } = query;
      seen.push({ transport, clientAddress, clientIsIpv6, localAddress, localPort, server, receivedMs });
      expect(query.clientPort).toBeGreaterThan(0);
      return addressReply(query);
    });
    const { listener, around, client } = await listen(endpoint, host);
    const asking = await client();
    asking.write(framed(rawQuery({ id: 7, name: 'wWw.test.', edns: { dnssecOk: true } })));
    const [message] = await asking.waitForMessages(1);
    expect(readReply(message)).toMatchObject({ id: 7, question: 'wWw.test. IN A', answer: { length: 1 } });
    expect(readOpt(message)).toMatchObject({ dnssecOk: true, udpSize: 1232 });
    expect(seen).toEqual([
      {
        transport: 'tcp',
        clientAddress: host,
        clientIsIpv6: host === '::1',
        localAddress: host,
        localPort: listener.port,
        server: endpoint.server,
        receivedMs: around.clock.nowMs(),
      },
    ]);
  });

  it('is woken by no timer but while it has connections to look after', async () => {
    const begun = vi.spyOn(globalThis, 'setInterval');
    const ended = vi.spyOn(globalThis, 'clearInterval');
    onTestFinished(() => {
      begun.mockRestore();
      ended.mockRestore();
    });
    const { client } = await listen(endpointOf(atOnce));
    expect(begun).not.toHaveBeenCalled();
    for (let i = 0; i < 3; i++) {
      const asking = await client();
      expect(await answers(asking)).toBe(true);
      asking.closeOurSide();
      await asking.ended;
    }
    expect(begun).toHaveBeenCalledOnce();
    const timer: unknown = begun.mock.results[0].value;
    await until(() => ended.mock.calls.some(([one]) => one === timer));
    expect(await answers(await client())).toBe(true);
    expect(begun).toHaveBeenCalledTimes(2);
  });

  it('cuts no reply that TCP can carry', async () => {
    const { client } = await listen(endpointOf((query) => addressReply(query, 1, 4000)));
    const asking = await client();
    asking.write(ask('large', 1));
    const [message] = await asking.waitForMessages(1);
    const reply = readReply(message);
    expect(reply.answer).toHaveLength(4000);
    expect(reply.flags).not.toContain('tc');
  });

  it('sends length and message in one write', async () => {
    const { listener } = await listen(endpointOf(atOnce));
    const socket = connect(listener.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const first = once(socket, 'data') as Promise<[Buffer]>;
    socket.write(ask('a', 1));
    const [chunk] = await first;
    expect(chunk).toHaveLength(2 + chunk.readUInt16BE(0));
  });

  it('answers pipelined queries as answers are ready', async () => {
    const pending = new Answers();
    const { client, listener } = await listen(endpointOf(pending.ask));
    const asking = await client();
    asking.write(Buffer.concat([ask('a', 1), ask('b', 2), ask('c', 3)]));
    await pending.untilAsked(3);
    expect(listener.inFlight).toBe(3);
    pending.give('c', (query) => addressReply(query, 3));
    await asking.waitForMessages(1);
    pending.give('a', () => refusing);
    pending.give('b', (query) => addressReply(query, 2));
    const replies = (await asking.waitForMessages(3)).map(readReply);
    expect(replies.map(({ id, question, rcode }) => `${id} ${question} ${rcode}`)).toEqual([
      '3 c.test. IN A NOERROR',
      '1 a.test. IN A REFUSED',
      '2 b.test. IN A NOERROR',
    ]);
    expect(listener.inFlight).toBe(0);
  });

  it('takes a query octet by octet', async () => {
    const { client } = await listen(endpointOf(atOnce));
    const asking = await client();
    await asking.writeOctetByOctet(Buffer.concat([ask('a', 1), ask('b', 2)]));
    expect((await asking.waitForMessages(2)).map((message) => readReply(message).id)).toEqual([1, 2]);
  });

  it('answers each of very many in one write', async () => {
    const { client } = await listen(endpointOf(atOnce));
    const asking = await client();
    asking.write(Buffer.concat(Array.from({ length: 1050 }, (_, id) => ask('a', id))));
    const replies = await asking.waitForMessages(1050);
    expect(replies.map((message) => readReply(message).id)).toEqual(
      Array.from({ length: 1050 }, (_, id) => id),
    );
  });

  it('serves one that asks little while others ask very much', async () => {
    const { client } = await listen(endpointOf(atOnce));
    const greedy = await Promise.all([client(), client(), client()]);
    const modest = await client();
    for (const asking of greedy) {
      asking.write(Buffer.concat(Array.from({ length: 1_500 }, (_, id) => ask('a', id))));
    }
    expect(await answers(modest)).toBe(true);
    for (const asking of greedy) {
      const ids = (await asking.waitForMessages(1_500)).map((message) => readReply(message).id);
      expect(ids).toEqual(Array.from({ length: 1_500 }, (_, id) => id));
    }
  });

  it('refuses what cannot be served, says nothing to the rest, and goes on', async () => {
    const { client, around } = await listen(endpointOf(atOnce));
    const asking = await client();
    const name = 'a.test.';
    asking.write(framed(Buffer.alloc(0)));
    asking.write(framed(Buffer.alloc(11)));
    asking.write(framed(rawQuery({ id: 1, name, flags: QR })));
    asking.write(framed(rawQuery({ id: 2, name, flags: 4 << 11 })));
    asking.write(framed(rawQuery({ id: 3, name, counts: [1, 0, 0, 1] })));
    asking.write(framed(rawQuery({ id: 4, name, edns: { version: 1 } })));
    asking.write(ask('fine', 5));
    const replies = (await asking.waitForMessages(4)).map(readReply);
    expect(replies.map(({ id, rcode }) => `${id} ${rcode}`)).toEqual([
      '2 NOTIMP',
      '3 FORMERR',
      '4 NOERROR',
      '5 NOERROR',
    ]);
    expect(readOpt(asking.received[2])?.rcode).toBe(16);
    expect([fate(around, 'dropped'), fate(around, 'refused')]).toEqual([3, 3]);
  });

  it('sends nothing where the outcome is silence', async () => {
    const { client } = await listen(
      endpointOf((query) => (query.nameText === 'quiet.test.' ? SILENCE : addressReply(query))),
    );
    const asking = await client();
    asking.write(Buffer.concat([ask('quiet', 1), ask('loud', 2)]));
    expect((await asking.waitForMessages(1)).map((message) => readReply(message).id)).toEqual([2]);
  });

  it('lets a bug cost its one query, counts it and logs where it was', async () => {
    const { client, around } = await listen(
      endpointOf((query) => {
        if (query.nameText === 'bug.test.') throw new Error('a bug');
        return addressReply(query);
      }),
    );
    const asking = await client();
    asking.write(Buffer.concat([ask('bug', 1), ask('fine', 2)]));
    expect((await asking.waitForMessages(1)).map((message) => readReply(message).id)).toEqual([2]);
    expect(around.metrics.value('coredns_panics_total')).toBe(1);
    expect(around.log.lines.join('\n')).toMatch(/error bug in a listener: Error: a bug\n.*tcp\.test\.ts/);
  });

  it('hands new queries on old connections to new servers', async () => {
    const old = new Answers();
    const { listener, client } = await listen(endpointOf(old.ask));
    const asking = await client();
    asking.write(ask('before', 1));
    await old.untilAsked(1);
    listener.serve(
      endpointOf((query) => addressReply(query, 2), { server: { index: 1, label: 'dns://new:53' } }),
    );
    asking.write(ask('after', 2));
    await asking.waitForMessages(1);
    old.give('before');
    expect((await asking.waitForMessages(2)).map((message) => readReply(message).answer)).toEqual([
      ['after.test. 60 IN A 192.0.2.2'],
      ['before.test. 60 IN A 192.0.2.1'],
    ]);
  });
});

it(`no more than ${MAX_CONNECTIONS} connections are kept`, async () => {
  const { around, client } = await listen(endpointOf(atOnce));
  const clients: TcpClient[] = [];
  while (clients.length < MAX_CONNECTIONS) {
    clients.push(...(await Promise.all(Array.from({ length: 256 }, client))));
  }
  await until(() => openConnections(around) === MAX_CONNECTIONS);
  const oneTooMany = await client();
  await oneTooMany.ended;
  expect(around.metrics.value('nodelocaldns_tcp_connections_rejected_total')).toBe(1);
  expect(await answers(clients[0])).toBe(true);
  clients[1].closeOurSide();
  await clients[1].ended;
  await until(() => openConnections(around) === MAX_CONNECTIONS - 1);
  expect(await client().then(answers)).toBe(true);
});

describe('the end of a listener', () => {
  it('sends the answers that are due, then FIN and no RST', async () => {
    const pending = new Answers();
    const { listener } = await listen(endpointOf(pending.ask));
    const socket = connect(listener.port, '127.0.0.1');
    const events: string[] = [];
    let octets = 0;
    socket.on('error', (error) => events.push(error.message));
    socket.on('data', (chunk) => {
      octets += chunk.length;
    });
    socket.on('end', () => events.push('end'));
    socket.on('close', () => events.push('close'));
    const gone = once(socket, 'close');
    socket.write(ask('due', 1));
    await pending.untilAsked(1);
    const drained = listener.drain(5_000);
    pending.give('due');
    await drained;
    await gone;
    expect(events).toEqual(['end', 'close']);
    expect(octets).toBeGreaterThan(0);
    await listen(endpointOf(atOnce), '127.0.0.1', listener.port);
  });

  it('serves connections that nobody has accepted yet', async () => {
    const { listener } = await listen(endpointOf(atOnce));
    const socket = connect(listener.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const answer = once(socket, 'data');
    socket.write(ask('a', 1));
    // The kernel has the connection; the event loop has not turned since.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await listener.drain(5_000);
    expect(await answer).toHaveLength(1);
  });

  it('waits a moment for the first question of who has just come, and no longer', async () => {
    const { listener, client, around } = await listen(endpointOf(atOnce));
    const [asking, silent, former] = await Promise.all([client(), client(), client()]);
    expect(await answers(former)).toBe(true);
    const drained = listener.drain(60_000);
    await nextTurn();
    expect(await answers(asking)).toBe(true);
    around.clock.advance(FIRST_QUERY_MS);
    await drained;
    await Promise.all([asking, silent, former].map(({ ended }) => ended));
  });

  it('sends what a slow client has not read yet', async () => {
    const { listener, reader } = await stalled();
    const drained = listener.drain(5_000);
    await nextTurn();
    reader.resumeReading();
    expect(await reader.waitForMessages(QUERIES)).toHaveLength(QUERIES);
    await drained;
  });

  it('does not wait longer than it is allowed to', async () => {
    const pending = new Answers();
    const { listener, client } = await listen(endpointOf(pending.ask));
    const waiting = await client();
    waiting.write(ask('never', 1));
    await pending.untilAsked(1);
    await listener.drain(30);
    await waiting.ended;
    await listen(endpointOf(atOnce), '127.0.0.1', listener.port);
    pending.give('never');
  });

  it('may come at once, and twice', async () => {
    const { listener, client } = await listen(endpointOf(atOnce));
    const open = await client();
    expect(await answers(open)).toBe(true);
    await listener.close();
    await listener.close();
    await open.ended;
    await listen(endpointOf(atOnce), '127.0.0.1', listener.port);
  });
});

describe('the socket', () => {
  it('holds its port for itself', async () => {
    const { listener } = await listen(endpointOf(atOnce));
    const error: unknown = await listen(endpointOf(atOnce), '127.0.0.1', listener.port).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
    expect(String(error)).toContain(
      `listen tcp 127.0.0.1:${listener.port}: bind: address already in use, held by`,
    );
  });

  it('says that an address is not of this host', async () => {
    await expect(listen(endpointOf(atOnce), '192.0.2.1')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('stands on all addresses of both families side by side', async () => {
    const families: boolean[] = [];
    const endpoint = endpointOf((query) => {
      families.push(query.clientIsIpv6);
      return addressReply(query);
    });
    const { listener, client } = await listen(endpoint, '0.0.0.0');
    await listen(endpoint, '::', listener.port);
    expect(await client().then(answers)).toBe(true);
    expect(await TcpClient.open({ host: '::1', port: listener.port }).then(answers)).toBe(true);
    expect(families).toEqual([false, true]);
  });
});
