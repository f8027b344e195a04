import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MAX_IN_FLIGHT } from '../../src/listen/tcp-connection.ts';
import { IDLE_MS, MESSAGE_MS, STALLED_MS } from '../../src/listen/tcp-limits.ts';
import { readReply } from '../support/raw-message.ts';
import { Answers, atOnce, endpointOf } from './harness.ts';
import { QUERIES, answers, ask, listen, openConnections, stalled, sweep, until } from './tcp-harness.ts';

describe('a client that closes its side', () => {
  it('gets the answers to what it asked before', async () => {
    const pending = new Answers();
    const { client, around } = await listen(endpointOf(pending.ask));
    const asking = await client();
    asking.write(Buffer.concat([ask('a', 1), ask('b', 2)]));
    asking.closeOurSide();
    await pending.untilAsked(2);
    await nextTurn();
    pending.give('b');
    pending.give('a');
    expect(await asking.waitForMessages(2)).toHaveLength(2);
    await asking.ended;
    await until(() => openConnections(around) === 0);
  });

  it('gets all of many answers, though it closed while they were written', async () => {
    const { client } = await listen(endpointOf(atOnce));
    const asking = await client();
    asking.write(Buffer.concat(Array.from({ length: 350 }, (_, id) => ask('a', id))));
    asking.closeOurSide();
    expect(await asking.waitForMessages(350)).toHaveLength(350);
    await asking.ended;
  });

  it('in the middle of a message is closed at once', async () => {
    const { client, around } = await listen(endpointOf(atOnce));
    const asking = await client();
    asking.write(ask('a', 1).subarray(0, 10));
    asking.closeOurSide();
    await asking.ended;
    expect(asking.received).toEqual([]);
    await until(() => openConnections(around) === 0);
  });

  it('by a reset gets nothing, and nothing breaks', async () => {
    const pending = new Answers();
    const { listener, around } = await listen(endpointOf(pending.ask));
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(ask('a', 1));
    await pending.untilAsked(1);
    expect(openConnections(around)).toBe(1);
    socket.resetAndDestroy();
    await until(() => openConnections(around) === 0);
    pending.give('a');
    await nextTurn();
    expect(around.metrics.value('coredns_panics_total')).toBe(0);
    expect(listener.inFlight).toBe(0);
  });
});

describe('the clocks of a connection', () => {
  it('close it when no message comes', async () => {
    const opened = await listen(endpointOf(atOnce));
    const silent = await opened.client();
    await sweep(opened, MESSAGE_MS);
    await silent.ended;
    expect(await opened.client().then(answers)).toBe(true);
  });

  it('close all of many that have said nothing', async () => {
    const opened = await listen(endpointOf(atOnce));
    const silent = await Promise.all(Array.from({ length: 100 }, opened.client));
    await until(() => openConnections(opened.around) === 100);
    await sweep(opened, MESSAGE_MS);
    await Promise.all(silent.map(({ ended }) => ended));
    await until(() => openConnections(opened.around) === 0);
  });

  it('close it when a message is not complete in time, however its octets come', async () => {
    const opened = await listen(endpointOf(atOnce));
    const slow = await opened.client();
    expect(await answers(slow)).toBe(true);
    const message = ask('slow', 1);
    const { clock } = opened.around;
    for (let i = 0; i < 6; i++) {
      await slow.writeOctetByOctet(message.subarray(i, i + 1));
      // The server has read it before the clock goes on.
      expect(await opened.client().then(answers)).toBe(true);
      clock.advance(MESSAGE_MS / 6);
    }
    await slow.ended;
    expect(slow.received).toHaveLength(1);
  });

  it('do not give a message more time because an answer leaves meanwhile', async () => {
    const pending = new Answers();
    const opened = await listen(endpointOf(pending.ask));
    const slow = await opened.client();
    slow.write(Buffer.concat([ask('first', 1), ask('slow', 2).subarray(0, 1)]));
    await pending.untilAsked(1);
    pending.give('first');
    await slow.waitForMessages(1);
    await sweep(opened, MESSAGE_MS);
    await slow.ended;
  });

  it('close it when it has been idle for long', async () => {
    const opened = await listen(endpointOf(atOnce));
    const idle = await opened.client();
    expect(await answers(idle)).toBe(true);
    await sweep(opened, IDLE_MS - 1);
    expect(await answers(idle)).toBe(true);
    await sweep(opened, IDLE_MS);
    await idle.ended;
  });

  it('give it the time of an idle one after exactly as many messages as are served in one go', async () => {
    const opened = await listen(endpointOf(atOnce));
    const idle = await opened.client();
    idle.write(Buffer.concat(Array.from({ length: 100 }, (_, id) => ask('a', id))));
    await idle.waitForMessages(100);
    await sweep(opened, MESSAGE_MS);
    expect(await answers(idle)).toBe(true);
  });

  it('stand still while an answer is due', async () => {
    const pending = new Answers();
    const opened = await listen(endpointOf(pending.ask));
    const waiting = await opened.client();
    waiting.write(ask('slow', 1));
    await pending.untilAsked(1);
    await sweep(opened, 10 * IDLE_MS);
    pending.give('slow');
    expect(await waiting.waitForMessages(1)).toHaveLength(1);
    await sweep(opened, IDLE_MS - 1);
    waiting.write(ask('again', 2));
    await pending.untilAsked(2);
  });
});

describe('a client that does not read', () => {
  it('is read from no more while much waits for it, and served on when it reads', async () => {
    const { reader, asked } = await stalled();
    expect(asked()).toBeLessThan(QUERIES);
    reader.resumeReading();
    expect(await reader.waitForMessages(QUERIES)).toHaveLength(QUERIES);
  });

  it('is closed after a while', async () => {
    const opened = await stalled();
    await sweep(opened, MESSAGE_MS);
    await sweep(opened, STALLED_MS);
    expect(await until(() => openConnections(opened.around) === 0)).toBe(true);
  });

  it('is not closed as long as it reads, however slowly', async () => {
    const opened = await stalled();
    const { reader } = opened;
    for (let i = 1; i <= 3; i++) {
      await sweep(opened, STALLED_MS - 1);
      const before = reader.received.length;
      reader.resumeReading();
      await reader.waitForMessages(before + 60);
      reader.pauseReading();
    }
    reader.resumeReading();
    expect(await reader.waitForMessages(QUERIES)).toHaveLength(QUERIES);
  });
});

it(`no more than ${MAX_IN_FLIGHT} queries of a connection are under way`, async () => {
  const pending = new Answers();
  const { listener, client } = await listen(endpointOf(pending.ask));
  const asking = await client();
  const total = 3 * MAX_IN_FLIGHT;
  asking.write(Buffer.concat(Array.from({ length: total }, (_, id) => ask(`q${id}`, id))));
  await pending.untilAsked(MAX_IN_FLIGHT);
  await nextTurn();
  await nextTurn();
  expect(pending.asked).toHaveLength(MAX_IN_FLIGHT);
  expect(listener.inFlight).toBe(MAX_IN_FLIGHT);
  // Another connection has its own.
  const other = await client();
  other.write(ask('other', 1));
  await pending.untilAsked(MAX_IN_FLIGHT + 1);
  pending.give('q3');
  await pending.untilAsked(MAX_IN_FLIGHT + 2);
  expect(pending.asked.at(-1)).toBe(`q${MAX_IN_FLIGHT}`);
  while (asking.received.length < total) {
    pending.giveAll();
    await nextTurn();
  }
  expect(new Set(asking.received.map((message) => readReply(message).id)).size).toBe(total);
});
