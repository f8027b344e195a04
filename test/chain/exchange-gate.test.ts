/** Who may begin an exchange, and when, turn by turn: a test ends each turn of the event loop by hand. */
import { describe, expect, it } from 'vitest';
import {
  EXPECTING_MS,
  ExchangeGate,
  FEWEST_PER_TURN,
  LONGEST_LINE,
  LONGEST_WAIT_MS,
  MOST_PER_TURN,
} from '../../src/chain/exchange-gate.ts';
import { FakeClock } from '../support/setup-context.ts';

class Gate {
  readonly clock = new FakeClock();
  /** Who has left the line, in order, and whether it may begin. */
  readonly left: [who: number, mayBegin: boolean][] = [];
  private readonly scheduled: (() => void)[] = [];
  readonly gate = new ExchangeGate(this.clock, (run) => this.scheduled.push(run));

  /** @returns how many of so many questions began at once. */
  enter(count: number): number {
    let began = 0;
    for (let i = 0; i < count; i++) if (this.gate.enter()) began++;
    return began;
  }

  /** @returns how many found a place. */
  wait(count: number): number {
    let placed = 0;
    for (let who = 0; who < count && !this.gate.isFull; who++) {
      placed++;
      this.gate.wait({
        sinceMs: this.clock.nowMs(),
        begin: () => void this.left.push([who, true]),
        giveUp: () => void this.left.push([who, false]),
      });
    }
    return placed;
  }

  /** @returns how many left the line. */
  endTurn(): number {
    const before = this.left.length;
    for (const run of this.scheduled.splice(0)) run();
    return this.left.length - before;
  }

  get endsOfTurnAwaited(): number {
    return this.scheduled.length;
  }
}

describe('without a line', () => {
  it('exchanges begin at once, and the next turn allows as many again', () => {
    const gate = new Gate();
    expect(gate.enter(MOST_PER_TURN)).toBe(MOST_PER_TURN);
    gate.endTurn();
    expect(gate.enter(MOST_PER_TURN)).toBe(MOST_PER_TURN);
  });

  it('the end of a turn is awaited once, and not again when nothing came', () => {
    const gate = new Gate();
    gate.enter(3);
    expect(gate.endsOfTurnAwaited).toBe(1);
    gate.endTurn();
    expect(gate.endsOfTurnAwaited).toBe(0);
  });
});

describe('a flood of questions', () => {
  it('begins no more in a turn than the turn allows', () => {
    const gate = new Gate();
    expect(gate.enter(1_000)).toBe(MOST_PER_TURN);
  });

  it('goes on in its order, some in each turn, until the line is empty', () => {
    const gate = new Gate();
    gate.enter(MOST_PER_TURN);
    gate.wait(MOST_PER_TURN + 1);
    expect(gate.endTurn()).toBe(MOST_PER_TURN);
    expect(gate.gate.isCrowded).toBe(true);
    expect(gate.endTurn()).toBe(1);
    expect(gate.gate.isCrowded).toBe(false);
    expect(gate.left).toEqual(Array.from({ length: MOST_PER_TURN + 1 }, (_, who) => [who, true]));
  });

  it('lets nobody who comes later past those in the line', () => {
    const gate = new Gate();
    gate.wait(1);
    expect(gate.enter(1)).toBe(0);
  });

  it('counts those from the line against the turn', () => {
    const gate = new Gate();
    gate.wait(MOST_PER_TURN - 1);
    gate.endTurn();
    expect(gate.enter(2)).toBe(1);
  });

  it('finds no place beyond the end of the line until somebody has left', () => {
    const gate = new Gate();
    expect(gate.wait(LONGEST_LINE + 5)).toBe(LONGEST_LINE);
    gate.endTurn();
    expect(gate.wait(LONGEST_LINE)).toBe(MOST_PER_TURN);
  });

  it('passes through the line in full, however long it lasts', () => {
    const gate = new Gate();
    let placed = 0;
    for (let round = 0; round < 100; round++) {
      placed += gate.wait(100);
      gate.endTurn();
    }
    while (gate.gate.isCrowded) gate.endTurn();
    expect(gate.left.length).toBe(placed);
    expect(gate.left.every(([, mayBegin]) => mayBegin)).toBe(true);
  });
});

/** @returns how many exchanges begin in a turn in which that many answers were given from memory. */
const begunBeside = (answers: number): number => {
  const gate = new Gate();
  gate.wait(1_000);
  gate.gate.answers += answers;
  return gate.endTurn();
};

describe('beside answers from memory', () => {
  it.each([
    { answers: 1, begun: FEWEST_PER_TURN },
    { answers: 4 * FEWEST_PER_TURN + 4, begun: FEWEST_PER_TURN + 1 },
    { answers: 100, begun: 25 },
    { answers: 10_000, begun: MOST_PER_TURN },
  ])('$begun exchanges begin in a turn with $answers answers', ({ answers, begun }) => {
    expect(begunBeside(answers)).toBe(begun);
  });

  it('few begin in a turn without answers too, until there were none for a second', () => {
    const gate = new Gate();
    const begunAfter = (ms: number): number => {
      gate.clock.advance(ms);
      gate.wait(MOST_PER_TURN);
      return gate.endTurn();
    };
    gate.gate.answers++;
    expect(begunAfter(0)).toBe(FEWEST_PER_TURN);
    expect(begunAfter(EXPECTING_MS - 1)).toBe(FEWEST_PER_TURN);
    // Those of the first turn have lost their patience by then.
    const dismissed = MOST_PER_TURN - 2 * FEWEST_PER_TURN;
    expect(begunAfter(1)).toBe(dismissed + MOST_PER_TURN);
  });
});

describe('patience', () => {
  it('ends: who has waited for a second is sent away and takes no exchange', () => {
    const gate = new Gate();
    gate.wait(3);
    gate.clock.advance(LONGEST_WAIT_MS);
    gate.endTurn();
    expect(gate.left).toEqual([
      [0, false],
      [1, false],
      [2, false],
    ]);
    expect(gate.enter(MOST_PER_TURN)).toBe(MOST_PER_TURN);
  });

  it('does not end a millisecond before', () => {
    const gate = new Gate();
    gate.wait(1);
    gate.clock.advance(LONGEST_WAIT_MS - 1);
    gate.endTurn();
    expect(gate.left).toEqual([[0, true]]);
  });
});
