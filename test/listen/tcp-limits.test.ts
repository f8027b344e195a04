/** What `timeouts` changes of a connection's life; the defaults are in tcp-connection.test.ts. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_TCP_LIMITS, MESSAGE_MS, STALLED_MS } from '../../src/listen/tcp-limits.ts';
import type { TcpLimits } from '../../src/listen/tcp-limits.ts';
import { readReply } from '../support/raw-message.ts';
import { Answers, atOnce, endpointOf } from './harness.ts';
import { answers, ask, listen, openConnections, stalled, sweep, until } from './tcp-harness.ts';
import type { Opened } from './tcp-harness.ts';

const limited = (limits: Partial<TcpLimits>, handler = atOnce): Promise<Opened> =>
  listen(endpointOf(handler, { tcpLimits: { ...DEFAULT_TCP_LIMITS, ...limits } }));

describe('a connection', () => {
  it('without a query lives as long as it is told', async () => {
    const opened = await limited({ messageMs: 4 * MESSAGE_MS });
    const client = await opened.client();
    await until(() => openConnections(opened.around) === 1);
    opened.around.clock.advance(3 * MESSAGE_MS);
    expect(await answers(client)).toBe(true);
  });

  it('between queries lives as long as it is told', async () => {
    const opened = await limited({ idleMs: 2 * MESSAGE_MS });
    const client = await opened.client();
    await answers(client);
    await sweep(opened, MESSAGE_MS);
    expect(await answers(client)).toBe(true);
    await sweep(opened, 2 * MESSAGE_MS);
    await client.ended;
  });

  it('whose answers nobody reads lives as long as it is told', async () => {
    const stalledMs = 2 * STALLED_MS;
    const opened = await stalled({ tcpLimits: { ...DEFAULT_TCP_LIMITS, stalledMs } });
    await sweep(opened, MESSAGE_MS);
    await sweep(opened, stalledMs - MESSAGE_MS);
    expect(openConnections(opened.around)).toBe(1);
    await sweep(opened, stalledMs);
    expect(openConnections(opened.around)).toBe(0);
  });

  it('follows what a reload says', async () => {
    const opened = await limited({ idleMs: 10 * MESSAGE_MS });
    const client = await opened.client();
    await answers(client);
    opened.listener.serve(endpointOf(atOnce, { tcpLimits: { ...DEFAULT_TCP_LIMITS, idleMs: MESSAGE_MS } }));
    await answers(client);
    await sweep(opened, MESSAGE_MS);
    await client.ended;
  });
});

describe('a connection that may bring three queries', () => {
  const threeAtOnce = Buffer.concat([1, 2, 3, 4, 5].map((id) => ask('a', id)));

  it('gets three answers and the end, though it sent more', async () => {
    const { client, around } = await limited({ maxQueries: 3 });
    const asking = await client();
    asking.write(threeAtOnce);
    await asking.ended;
    expect(asking.received.map((message) => readReply(message).id)).toEqual([1, 2, 3]);
    asking.closeOurSide();
    await until(() => openConnections(around) === 0);
  });

  it('gets answers that take their time', async () => {
    const pending = new Answers();
    const { client } = await limited({ maxQueries: 3 }, pending.ask);
    const asking = await client();
    for (const [index, label] of ['a', 'b', 'c', 'd'].entries()) asking.write(ask(label, index));
    await pending.untilAsked(3);
    pending.give('c');
    pending.give('a');
    expect(await asking.waitForMessages(2)).toHaveLength(2);
    pending.give('b');
    expect(await asking.waitForMessages(3)).toHaveLength(3);
    await asking.ended;
    expect(pending.asked).toEqual(['a', 'b', 'c']);
  });

  it('is closed in the end though the client leaves its side open', async () => {
    const opened = await limited({ maxQueries: 3 });
    const asking = await opened.client();
    asking.write(threeAtOnce);
    await asking.ended;
    expect(openConnections(opened.around)).toBe(1);
    opened.around.clock.advance(DEFAULT_TCP_LIMITS.idleMs);
    await until(() => openConnections(opened.around) === 0);
  });
});
