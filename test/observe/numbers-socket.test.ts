import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import type { FamilySnapshot } from '../../src/observe/metrics.ts';
import { MOST_ANSWER_OCTETS, askNumbers, offerNumbers } from '../../src/observe/numbers-socket.ts';
import { takeSnapshot } from '../../src/observe/snapshot.ts';
import { eventually } from '../support/eventually.ts';
import { FakeLog } from '../support/setup-context.ts';

const SOON_MS = 100;
const LONG_MS = 10_000;

const newName = (): string => `nodelocaldns-test-${randomUUID()}`;

function numbers(): FamilySnapshot[] {
  const metrics = new MetricRegistry();
  metrics.counter('a_total', 'A.', ['x']).with('\0"\\é').value = 1;
  metrics.histogram('h', 'H.', [], [1, 2]).with().observe(1.5);
  return takeSnapshot(metrics);
}

function offering(name: string, given: () => Promise<FamilySnapshot[]>, log = new FakeLog()): Server {
  const server = offerNumbers(name, given, log);
  onTestFinished(() => void server.close());
  return server;
}

/** Somebody else under that name. */
async function stranger(answer: (socket: Socket) => void): Promise<string> {
  const name = newName();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    answer(socket);
  });
  server.listen(`\0${name}`);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return name;
}

it('gives the numbers of the moment in which they are asked for', async () => {
  const name = newName();
  const first = numbers();
  const given = [first, []];
  offering(name, () => Promise.resolve(given.shift() ?? first));
  expect(await askNumbers(name, LONG_MS)).toEqual(first);
  expect(await askNumbers(name, LONG_MS)).toEqual([]);
  expect(await askNumbers(name, LONG_MS)).toEqual(first);
});

it('gives nothing where nobody offers any', async () => {
  expect(await askNumbers(newName(), LONG_MS)).toEqual([]);
});

it('gives nothing when the numbers cannot be had, and goes on offering', async () => {
  const name = newName();
  let asked = 0;
  offering(name, async () => {
    if (asked++ === 0) throw new Error('not now');
    return Promise.resolve(numbers());
  });
  expect(await askNumbers(name, LONG_MS)).toEqual([]);
  expect(await askNumbers(name, LONG_MS)).not.toEqual([]);
});

it.each<[string, (socket: Socket) => void]>([
  ['what is no JSON', (socket) => socket.end('numbers')],
  ['what is no numbers', (socket) => socket.end('[{"name":"a b"}]')],
  ['half of it', (socket) => socket.end(JSON.stringify(numbers()).slice(0, -20))],
  [
    'more than is ever wanted',
    (socket) => socket.end(' '.repeat(MOST_ANSWER_OCTETS) + JSON.stringify(numbers())),
  ],
])('takes nothing from somebody who gives %s', async (_name, answer) => {
  expect(await askNumbers(await stranger(answer), LONG_MS)).toEqual([]);
});

it.each<[string, (socket: Socket) => void]>([
  ['nothing', () => undefined],
  ['the beginning', (socket) => socket.write('[')],
])('does not wait longer than it was told for somebody who gives %s', async (_name, answer) => {
  const name = await stranger(answer);
  const begun = performance.now();
  expect(await askNumbers(name, SOON_MS)).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(LONG_MS);
});

it('says once that its name is taken, and does no harm', async () => {
  const name = newName();
  const log = new FakeLog();
  await once(
    offering(name, () => Promise.resolve(numbers())),
    'listening',
  );
  offering(name, () => Promise.resolve([]), log);
  await eventually(() => log.lines.length > 0);
  expect(log.lines).toEqual([expect.stringMatching(/^warn numbers for the guard's page: .*EADDRINUSE/)]);
  expect(await askNumbers(name, LONG_MS)).not.toEqual([]);
});
