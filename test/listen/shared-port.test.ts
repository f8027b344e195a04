/** Several listeners on one port, as the workers of `multisocket` have them; here all of them are in one process. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Endpoint, Listener } from '../../src/listen/listener.ts';
import { listenTcp } from '../../src/listen/tcp.ts';
import { chooseUdp } from '../../src/listen/udp.ts';
import type { ListenUdp } from '../../src/listen/udp.ts';
import { startQueryStream } from '../support/query-stream.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';
import { addressReply, endpointOf, surroundings } from './harness.ts';

const { counters, log } = surroundings();
/** The TCP listener is opened like the others. */
const makers: readonly (readonly [string, ListenUdp | undefined])[] = [
  ['udp, one by one', await chooseUdp('dgram', counters, log)],
  // koffi is an optional dependency.
  ['udp, in batches', await chooseUdp('batch', counters, log).catch(() => undefined)],
  ['tcp', listenTcp],
];
const available = makers.filter(([, make]) => make !== undefined);

/** Clients that the kernel gives all to one of two sockets once in four billion runs. */
const CLIENTS = 33;

async function open(make: ListenUdp | undefined, endpoint: Endpoint, port: number, reusePort: boolean) {
  if (make === undefined) throw new Error('this listener does not work on this machine');
  const around = surroundings();
  const options = { address: '127.0.0.1', port, clock: around.clock, counters: around.counters, reusePort };
  const listener = await make(options, endpoint);
  onTestFinished(() => listener.close());
  return listener;
}

/** Answers with the address 192.0.2.LAST. */
const answering = (last: number): Endpoint => endpointOf((query) => addressReply(query, last));

/** One answer, to a client of its own. */
async function askOnce(name: string, { port }: Listener): Promise<string> {
  const query = rawQuery({ name: 'a.test.' });
  if (name !== 'tcp') return readReply(await (await UdpClient.open({ port })).ask(query)).answer[0];
  const client = await TcpClient.open({ port });
  client.write(framed(query));
  return readReply((await client.waitForMessages(1))[0]).answer[0];
}

describe.each(available)('%s', (name, make) => {
  it('is answered by all who share the port', async () => {
    const one = await open(make, answering(1), 0, true);
    const other = await open(make, answering(2), one.port, true);
    const ask = (): Promise<string[]> =>
      Promise.all(Array.from({ length: CLIENTS }, () => askOnce(name, other)));
    expect(new Set(await ask())).toEqual(new Set(['a.test. 60 IN A 192.0.2.1', 'a.test. 60 IN A 192.0.2.2']));
    await one.close();
    expect(new Set(await ask())).toEqual(new Set(['a.test. 60 IN A 192.0.2.2']));
  });

  it.each([
    [true, false],
    [false, true],
  ])('is shared by nobody who does not ask for it (first: %s, second: %s)', async (first, second) => {
    const one = await open(make, answering(1), 0, first);
    await expect(open(make, answering(2), one.port, second)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

it.skipIf(available.length < makers.length)(
  'a listener that leaves gets nothing new, so that it comes to an end, and what it had got is answered',
  async () => {
    const [, make] = makers[1];
    const one = await open(make, answering(1), 0, true);
    const other = await open(make, answering(2), one.port, true);
    const streams = await Promise.all(
      Array.from({ length: CLIENTS }, () =>
        startQueryStream({ port: one.port, query: () => rawQuery({ name: 'a.test.' }) }),
      ),
    );
    await Promise.all(streams.map((stream) => stream.settled(50)));
    const beganMs = performance.now();
    await other.drain(10_000);
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    await Promise.all(streams.map((stream) => stream.settled(stream.settledCount + 50)));
    const reports = await Promise.all(streams.map((stream) => stream.stop()));
    expect(reports.flatMap(({ lost }) => lost)).toEqual([]);
  },
);
