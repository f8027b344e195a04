import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { Reply } from '../../../src/chain/outcome.ts';
import { loadbalance } from '../../../src/plugins/loadbalance/setup.ts';
import { WeightFile } from '../../../src/plugins/loadbalance/weight-file.ts';
import { parseWeights } from '../../../src/plugins/loadbalance/weights.ts';
import type { Weights } from '../../../src/plugins/loadbalance/weights.ts';
import { decode, makeQuery } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import { FakeLog, cursorOf, fakeContext } from '../../support/setup-context.ts';
import { tempFile } from '../../support/temp-file.ts';

/** Without the names and addresses that they are of. */
const numbersOf = (weights: Weights): number[][] =>
  Array.from(weights.values(), (ofName) => Array.from(ofName.values()));

const WEIGHTS = `
# a comment
Www.Example.org
 192.0.2.1  200
192.0.2.3 50
2001:db8::1 255

other.test.
192.0.2.2 255
`;

describe('a file of weights', () => {
  it('has names, and addresses with weights below them', () => {
    const weights = parseWeights(WEIGHTS, 'f');
    expect(numbersOf(weights)).toEqual([[200, 50, 255], [255]]);
  });

  it.each([
    ['192.0.2.1', 'wrong domain name:"192.0.2.1" in weight file f. (Maybe a missing weight value?)'],
    ['a..b', 'wrong domain name:"a..b" in weight file f.'],
    ['192.0.2.1 3', 'missing domain name in weight file f'],
    ['a.test\n192.0.2 3', 'wrong IP address:"192.0.2" in weight file f'],
    ['a.test\n192.0.2.1 0', 'wrong weight value:"0" in weight file f'],
    ['a.test\n192.0.2.1 256', 'wrong weight value:"256" in weight file f'],
    ['a.test\n192.0.2.1 x', 'wrong weight value:"x" in weight file f'],
    ['a.test\n192.0.2.1 1 2', 'could not parse weight line:"192.0.2.1 1 2" in weight file f'],
  ])('is not: %s', (text, message) => {
    expect(() => parseWeights(text, 'f')).toThrow(new RangeError(message));
  });

  it('that is missing is looked for again, and fails the start where it is looked at only once', async () => {
    const log = new FakeLog();
    const again = new WeightFile('/nonexistent/weights', 30_000, log);
    await again.start();
    again.stop();
    expect(log.lines).toEqual([
      'warn Failed to open weight file:weight file open error. Will try again in 30s',
    ]);
    await expect(new WeightFile('/nonexistent/weights', 0, log).start()).rejects.toThrow(
      'weight file open error',
    );
  });

  it('is taken over when it changes, and what is wrong with it is told once and changes nothing', async () => {
    const log = new FakeLog();
    const path = tempFile('a.test\n192.0.2.1 7\n', 'weights');
    const file = new WeightFile(path, 0, log);
    await file.start();
    const before = file.weights;
    writeFileSync(path, 'a.test\n192.0.2.1 0\n');
    await file.look();
    await file.look();
    expect(file.weights).toBe(before);
    rmSync(path);
    await file.look();
    writeFileSync(path, 'a.test\n192.0.2.1 9\n');
    await file.look();
    expect(numbersOf(file.weights)).toEqual([[9]]);
    expect(log.lines).toEqual([
      `info Successfully reloaded weight file ${path}`,
      `error wrong weight value:"0" in weight file ${path}`,
      'error weight file open error',
      `info Successfully reloaded weight file ${path}`,
    ]);
  });
});

async function balanced(answers: readonly string[]): Promise<Handler> {
  const context = fakeContext();
  const path = tempFile(WEIGHTS, 'weights');
  const make = loadbalance.setup(cursorOf(`loadbalance weighted ${path} {\n reload 0\n}`), context);
  if (make === undefined) throw new Error('loadbalance has a handler');
  await context.start();
  return make({ name: 'scripted', ask: (query) => replyTo(query, { answers }) });
}

const first = (handler: Handler, type = 'A'): string => {
  const outcome = handler.ask(makeQuery('www.example.org', type));
  if (!(outcome instanceof Reply)) throw new Error('no reply');
  return decode(outcome.kept()).answer[0].split(' ').at(-1) ?? '';
};

const A = (last: number): string => `@ 30 IN A 192.0.2.${last}`;

describe('weighted', () => {
  it('gives the first place by weight, and 1 to addresses without any', async () => {
    // 200, 1 and 50 of 251: the borders between them, and the ends.
    const random = vi.spyOn(Math, 'random');
    onTestFinished(() => random.mockRestore());
    const handler = await balanced([A(1), A(2), A(3)]);
    const firstAt = (value: number): string => {
      random.mockReturnValue(value / 251);
      return first(handler);
    };
    expect([0, 199.5, 200.5, 201.5, 250.5].map(firstAt)).toEqual([
      '192.0.2.1',
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
      '192.0.2.3',
    ]);
  });

  it('leaves questions for other types alone', async () => {
    const handler = await balanced(['@ 1 IN A 192.0.2.2', '@ 1 IN A 192.0.2.1']);
    const seen = new Set(Array.from({ length: 100 }, () => first(handler, 'ANY')));
    expect([...seen]).toEqual(['192.0.2.2']);
  });
});
