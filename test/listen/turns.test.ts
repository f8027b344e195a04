import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/listen/turns.ts';

/** Serves messages until the turn is over. */
function takeAll(turns: Turns): number {
  let taken = 0;
  while (turns.take()) taken++;
  return taken;
}

describe('the turns of connections', () => {
  it('end, and begin anew for those who wait', async () => {
    const turns = new Turns();
    const first = takeAll(turns);
    expect(first).toBeGreaterThan(0);
    let second = 0;
    turns.wait({ client: 'a', goOn: () => (second = takeAll(turns)) });
    expect(second).toBe(0);
    await nextTurn();
    expect(second).toBe(first);
  });

  it('go round: who wants more gets it after all others', async () => {
    const turns = new Turns();
    takeAll(turns);
    const order: string[] = [];
    const greedy = (name: string): void =>
      turns.wait({
        client: name,
        goOn() {
          takeAll(turns);
          order.push(name);
          if (order.length < 6) greedy(name);
        },
      });
    for (const name of ['a', 'b', 'c']) greedy(name);
    while (order.length < 6) await nextTurn();
    expect(order.slice(0, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('let several go on in one that leaves enough', async () => {
    const turns = new Turns();
    takeAll(turns);
    const order: number[] = [];
    for (let i = 0; i < 10; i++) turns.wait({ client: 'a', goOn: () => turns.take() && order.push(i) });
    await nextTurn();
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('are those of clients: one with many connections has no more of them than one with one', async () => {
    const turns = new Turns();
    takeAll(turns);
    const served = new Map<string, number>();
    const greedy = (client: string): void =>
      turns.wait({
        client,
        goOn() {
          served.set(client, (served.get(client) ?? 0) + takeAll(turns));
          if ((served.get('modest') ?? 0) < 500) greedy(client);
        },
      });
    for (let connection = 0; connection < 500; connection++) greedy('many');
    greedy('modest');
    while ((served.get('modest') ?? 0) < 500) await nextTurn();
    expect((served.get('many') ?? 0) / (served.get('modest') ?? 0)).toBeLessThan(1.1);
  });

  it('come before the next one for a client that asks little, whatever waits of another', async () => {
    const turns = new Turns();
    takeAll(turns);
    const order: string[] = [];
    for (let connection = 0; connection < 1_000; connection++) {
      turns.wait({ client: 'many', goOn: () => takeAll(turns) > 0 && order.push('many') });
    }
    turns.wait({ client: 'modest', goOn: () => turns.take() && order.push('modest') });
    await nextTurn();
    expect(order.slice(0, 3)).toEqual(['many', 'modest', 'many']);
  });
});
