/** The line of clients, held against a model that looks through everything. */
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairLine } from '../../src/chain/fair-line.ts';
import type { Standing } from '../../src/chain/fair-line.ts';

const LENGTH = 12;

interface Place extends Standing {
  readonly number: number;
}

/** The same in the plainest way: who came when, and in which order clients have their turns. */
class Model {
  places: { place: Place; lane: number | string }[] = [];
  turns: (number | string)[] = [];

  countOf(client: number | string): number {
    return this.places.filter(({ lane }) => lane === client).length;
  }

  get longest(): number {
    return Math.max(0, ...this.turns.map((client) => this.countOf(client)));
  }

  push(place: Place): void {
    if (!this.turns.includes(place.client)) this.turns.push(place.client);
    this.places.push({ place, lane: place.client });
  }

  take(place: Place | undefined): void {
    const at = this.places.findIndex((standing) => standing.place === place);
    const [taken] = this.places.splice(at, 1);
    if (taken !== undefined && this.countOf(taken.lane) === 0) {
      this.turns.splice(this.turns.indexOf(taken.lane), 1);
    }
  }

  /** Who comes next when all may go. */
  shift(): Place | undefined {
    const client = this.turns.shift();
    if (client === undefined) return undefined;
    this.turns.push(client);
    const next = this.places.find(({ lane }) => lane === client)?.place;
    this.take(next);
    return next;
  }
}

const OPERATIONS = ['push', 'push', 'push', 'shift', 'shiftOldest', 'pushOut'] as const;

const filled = (...clients: readonly number[]): FairLine<Place> => {
  const line = new FairLine<Place>(LENGTH);
  for (const [number, client] of clients.entries()) line.push({ number, client, key: String(number) });
  return line;
};

const onlyTwo = (client: number | string): boolean => client === 2;

describe('the line', () => {
  it('gives clients their turns, bounds itself, and pushes out the newest of the longest lane', () => {
    const step = record({ what: constantFrom(...OPERATIONS), client: integer({ min: 0, max: 4 }) });
    assert(
      property(array(step, { maxLength: 300 }), (steps) => {
        const line = new FairLine<Place>(LENGTH);
        const model = new Model();
        for (const [number, { what, client }] of steps.entries()) {
          if (what === 'push') {
            if (line.isFull) continue;
            const place = { number, client, key: String(number) };
            line.push(place);
            model.push(place);
          } else if (what === 'shift') {
            expect(line.shift(() => true)).toBe(model.shift());
          } else if (what === 'shiftOldest') {
            const oldest = model.places[0]?.place;
            expect(line.shiftOldest()).toBe(oldest);
            model.take(oldest);
          } else {
            const before = { longest: model.longest, own: model.countOf(client) };
            const out = line.pushOutFor(client);
            expect(out !== undefined).toBe(before.longest > before.own + 1);
            if (out === undefined) continue;
            expect(model.countOf(out.client)).toBe(before.longest);
            expect(out).toBe(model.places.findLast(({ lane }) => lane === out.client)?.place);
            model.take(out);
          }
          expect(line.size).toBe(model.places.length);
          expect(line.isFull).toBe(model.places.length === LENGTH);
          expect(line.oldest).toBe(model.places[0]?.place);
          expect(line.lengthOf(client)).toBe(model.countOf(client));
        }
      }),
    );
  });

  it('passes over who may not go, until it is released', () => {
    const line = filled(1, 1, 2);
    expect(line.shift(onlyTwo)?.number).toBe(2);
    expect(line.shift(onlyTwo)).toBeUndefined();
    expect([line.isReady, line.isHeld(1), line.size]).toEqual([false, true, 2]);
    line.release(1);
    expect([line.isReady, line.isHeld(1)]).toEqual([true, false]);
    expect(line.shift(() => true)?.number).toBe(0);
  });

  it('releases all at once', () => {
    const line = filled(1, 2, 3);
    expect(line.shift(() => false)).toBeUndefined();
    line.releaseAll();
    expect([1, 2, 3].map(() => line.shift(() => true)?.client)).toEqual([1, 2, 3]);
  });

  it('lets those of a lane that is held lose their patience and be pushed out', () => {
    const line = filled(1, 1, 1);
    line.shift(() => false);
    expect(line.shiftOldest()?.number).toBe(0);
    expect(line.pushOutFor(2)?.number).toBe(2);
    expect(line.shiftOldest()?.number).toBe(1);
    expect([line.has(1), line.isHeld(1), line.size]).toEqual([false, false, 0]);
  });

  it('moves what another client wants too into its lane where that is shorter', () => {
    const line = filled(1, 1, 1, 1, 2);
    line.alsoWanted('3', 2);
    expect([line.lengthOf(1), line.lengthOf(2)]).toEqual([3, 2]);
    expect([0, 1, 2, 3, 4].map(() => line.shift(() => true)?.number)).toEqual([0, 4, 1, 3, 2]);
  });

  it('leaves where it is what nobody would get sooner', () => {
    const line = filled(1, 1, 2);
    line.alsoWanted('1', 2);
    line.alsoWanted('1', 1);
    line.alsoWanted('unknown', 2);
    expect([line.lengthOf(1), line.lengthOf(2)]).toEqual([2, 1]);
  });

  it('knows no more of what has left', () => {
    const line = filled(1, 1, 1);
    while (line.size > 0) line.shift(() => true);
    line.alsoWanted('2', 2);
    expect([line.size, line.has(2)]).toEqual([0, false]);
  });

  it('takes no more than it has places for', () => {
    const line = filled(...Array.from({ length: LENGTH }, (_, client) => client));
    expect(() => line.push({ number: 99, client: 1, key: '99' })).toThrow('the line is full');
  });
});
