/** Who may begin an exchange, and when, turn by turn: a test ends each turn of the event loop by hand. */
import { describe, expect, it } from 'vitest';
import { clientIdFromText, clientIdOf } from '../../src/chain/client-id.ts';
import type { ClientId } from '../../src/chain/client-id.ts';
import {
  EXPECTING_MS,
  ExchangeGate,
  FEWEST_PER_TURN,
  LONGEST_LINE,
  LONGEST_STANDING_LANE,
  LONGEST_WAIT_MS,
  MOST_PER_TURN,
  STANDING_MS,
} from '../../src/chain/exchange-gate.ts';
import type { InLine } from '../../src/chain/exchange-gate.ts';
import {
  MOST_OF_ONE,
  MOST_OF_THE_ONLY_ONE,
  MOST_PER_MS_OF_ONE,
  PERIOD_MS,
  SHARED_MS,
} from '../../src/chain/exchange-shares.ts';
import { FakeClock } from '../support/setup-context.ts';

class Gate {
  readonly clock = new FakeClock();
  /** Who has left the line, in order, and whether it may begin. */
  readonly left: [who: number, mayBegin: boolean][] = [];
  private readonly scheduled: (() => void)[] = [];
  /** What looks again later, until `lookAgain`. */
  private readonly lookers: (() => void)[] = [];
  readonly shed = { lineFull: { value: 0 }, pushedOut: { value: 0 }, waitedTooLong: { value: 0 } };
  readonly gate = new ExchangeGate(this.clock, {
    atEndOfTurn: (run) => void this.scheduled.push(run),
    afterMs: (run) => void this.lookers.push(run),
    shed: this.shed,
  });

  /** Somebody who wants an exchange, which is over as soon as it begins unless told otherwise. */
  asker(who: number, client: ClientId = 1, lasts = false): InLine {
    const asker: InLine = {
      sinceMs: this.clock.nowMs(),
      client,
      key: `${client} ${who}`,
      beganMs: NaN,
      begin: () => {
        this.left.push([who, true]);
        if (!lasts) this.gate.end(asker);
      },
      giveUp: () => {
        this.left.push([who, false]);
        this.gate.end(asker);
      },
    };
    return asker;
  }

  /** @returns how many of so many questions began at once. */
  enter(count: number, client: ClientId = 1): number {
    let began = 0;
    for (let who = 0; who < count; who++) {
      if (!this.gate.mayBegin(client)) continue;
      began++;
      this.gate.begin(this.asker(who, client));
    }
    this.left.length = 0;
    return began;
  }

  /** @returns how many found a place. */
  wait(count: number, client: ClientId = 1, from = 0): number {
    let placed = 0;
    for (let who = from; who < from + count; who++) {
      if (!this.gate.makePlace(client)) continue;
      placed++;
      this.gate.wait(this.asker(who, client));
    }
    return placed;
  }

  /** Begins so many that go on. @returns those that might begin, at once or at the end of turns */
  open(count: number, client: ClientId = 1): InLine[] {
    const askers = Array.from({ length: count }, (_, who) => this.asker(who, client, true));
    for (const asker of askers) {
      if (this.gate.mayBegin(client)) this.gate.begin(asker);
      else if (this.gate.makePlace(client)) this.gate.wait(asker);
    }
    while (this.endsOfTurnAwaited > 0) this.endTurn();
    return askers.filter(({ beganMs }) => !Number.isNaN(beganMs));
  }

  /** Time passes, and the gate looks again whether somebody may go. */
  lookAgain(ms: number): void {
    this.clock.advance(ms);
    for (const run of this.lookers.splice(0)) run();
    while (this.endsOfTurnAwaited > 0) this.endTurn();
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

const FLOODER = 10;
const OTHER = 20;
/** Numbers of those who are not in the flood. */
const OTHERS_FROM = 10_000;

describe('clients in the line', () => {
  it('take turns, however many places each has', () => {
    const gate = new Gate();
    gate.wait(1_000, FLOODER);
    gate.wait(3, OTHER, OTHERS_FROM);
    gate.endTurn();
    const began = gate.left.map(([who]) => who);
    expect(began.slice(0, 6)).toEqual([0, OTHERS_FROM, 1, OTHERS_FROM + 1, 2, OTHERS_FROM + 2]);
    expect(began.length).toBe(MOST_PER_TURN);
  });

  it('wait for one round at most, beside answers from memory too', () => {
    const gate = new Gate();
    gate.gate.answers++;
    for (let client = 0; client < 10; client++) gate.wait(100, client);
    gate.wait(1, OTHER, OTHERS_FROM);
    for (let turn = 0; turn < 11 / FEWEST_PER_TURN; turn++) gate.endTurn();
    expect(gate.left).toContainEqual([OTHERS_FROM, true]);
  });

  it('find a place in a full line: the newest of who has the most there goes', () => {
    const gate = new Gate();
    gate.wait(LONGEST_LINE + 7, FLOODER);
    expect(gate.shed.lineFull.value).toBe(7);
    expect(gate.wait(2, OTHER, OTHERS_FROM)).toBe(2);
    expect(gate.left).toEqual([
      [LONGEST_LINE - 1, false],
      [LONGEST_LINE - 2, false],
    ]);
    expect(gate.shed.pushedOut.value).toBe(2);
    while (gate.endsOfTurnAwaited > 0) gate.endTurn();
    expect(gate.left.filter(([who, mayBegin]) => who >= OTHERS_FROM && mayBegin)).toHaveLength(2);
  });

  it('have short lanes in a line that is always full, which serves as many', () => {
    const gate = new Gate();
    for (let turn = 0; turn < STANDING_MS + LONGEST_LINE / FEWEST_PER_TURN; turn++) {
      gate.gate.answers++;
      gate.wait(LONGEST_LINE, FLOODER);
      gate.endTurn();
      gate.clock.advance(1);
    }
    gate.wait(LONGEST_LINE, FLOODER);
    gate.left.length = 0;
    while (gate.gate.isCrowded) gate.endTurn();
    expect(gate.left).toHaveLength(LONGEST_STANDING_LANE);
    // Until no query has been turned away for a while.
    gate.clock.advance(LONGEST_WAIT_MS);
    gate.wait(1, FLOODER);
    gate.endTurn();
    expect(gate.wait(LONGEST_LINE, FLOODER)).toBe(LONGEST_LINE);
  });

  it('share a full line evenly when each would have all of it', () => {
    const gate = new Gate();
    gate.wait(LONGEST_LINE, FLOODER);
    expect(gate.wait(LONGEST_LINE, OTHER)).toBe(LONGEST_LINE / 2);
  });

  it('find no place where everybody has one', () => {
    const gate = new Gate();
    for (let client = 0; client < LONGEST_LINE; client++) gate.wait(1, client);
    expect(gate.wait(1, LONGEST_LINE)).toBe(0);
    expect(gate.shed.pushedOut.value).toBe(0);
  });

  it('are told apart by address and not by port or protocol', () => {
    expect(clientIdFromText('10.0.0.7')).toBe(clientIdOf(Uint8Array.of(10, 0, 0, 7), 0, 4));
  });

  it('who want what another one waits for do not wait behind the rest of that one', () => {
    const gate = new Gate();
    gate.gate.answers++;
    gate.wait(1_000, FLOODER);
    gate.gate.alsoWanted({ key: `${FLOODER} 999`, clientId: OTHER });
    gate.endTurn();
    expect(gate.left).toEqual([
      [0, true],
      [999, true],
    ]);
  });
});

describe('exchanges of one client', () => {
  it('are so many at most while it is alone', () => {
    const gate = new Gate();
    expect(gate.open(1_000)).toHaveLength(MOST_OF_THE_ONLY_ONE);
  });

  it('are fewer while others ask too, who may begin at once', () => {
    const gate = new Gate();
    gate.open(1, OTHER);
    expect(gate.open(1_000, FLOODER)).toHaveLength(MOST_OF_ONE);
    expect(gate.open(1, OTHER)).toHaveLength(1);
    expect(gate.gate.isCrowded).toBe(true);
  });

  it('go on one for one as they end', () => {
    const gate = new Gate();
    gate.open(1, OTHER);
    const open = gate.open(1_000, FLOODER);
    gate.left.length = 0;
    gate.clock.advance(1);
    for (const asker of open.slice(0, 5)) gate.gate.end(asker);
    while (gate.endsOfTurnAwaited > 0) gate.endTurn();
    expect(gate.left).toHaveLength(5);
  });

  it('begin no faster than so many in a millisecond while others ask too, however soon they end', () => {
    const gate = new Gate();
    gate.open(1, OTHER);
    let began = 0;
    for (let ms = 0; ms < PERIOD_MS; ms += 10) {
      gate.open(1, OTHER);
      gate.gate.mayBegin(FLOODER);
      gate.wait(500, FLOODER);
      gate.left.length = 0;
      gate.lookAgain(10);
      began += gate.left.filter(([, mayBegin]) => mayBegin).length;
    }
    expect(began).toBeGreaterThan(MOST_PER_MS_OF_ONE * PERIOD_MS);
    expect(began).toBeLessThanOrEqual(MOST_PER_MS_OF_ONE * PERIOD_MS + 2 * MOST_OF_ONE);
  });

  it('count no longer when they are old: a silent upstream does not keep a client from others for ever', () => {
    const gate = new Gate();
    gate.open(1, OTHER);
    gate.open(1_000, FLOODER);
    gate.left.length = 0;
    gate.lookAgain(PERIOD_MS);
    expect(gate.left).toHaveLength(0);
    gate.lookAgain(PERIOD_MS);
    expect(gate.left).toHaveLength(MOST_OF_ONE);
  });

  it('leave those in the line who have lost their patience when none of them ends', () => {
    const gate = new Gate();
    gate.open(1, OTHER);
    gate.open(2 * MOST_OF_ONE, FLOODER);
    gate.left.length = 0;
    gate.clock.advance(LONGEST_WAIT_MS - 1);
    gate.lookAgain(1);
    expect(gate.left.slice(0, 3)).toEqual(Array.from({ length: 3 }, (_, i) => [MOST_OF_ONE + i, false]));
    expect(gate.shed.waitedTooLong.value).toBeGreaterThan(0);
  });

  it('may be more again when the others have been quiet for a second', () => {
    const gate = new Gate();
    gate.open(1, OTHER);
    gate.open(MOST_OF_ONE, FLOODER);
    gate.clock.advance(SHARED_MS);
    expect(gate.open(1_000, FLOODER)).toHaveLength(MOST_OF_THE_ONLY_ONE);
  });
});
