/** The shape of the conformance table: one statement of a standard, or one class of attack, and what holds it. */

/** A test: its file below `test`, and the titles from the outermost `describe` on, with ` > ` between them. A `describe` names all in it. */
export type TestName = readonly [file: string, titles: string];

interface Statement {
  /** Unique in the whole table; what it is called in reports. */
  readonly id: string;
  /** Such as `RFC 5452 section 9.1`, or the advisory. */
  readonly source: string;
  /** In our own words: what a reader can try on the running program. */
  readonly says: string;
  /** Where we do less, more or something else, and why. */
  readonly note?: string;
}

/** Each of these tests would fail if the statement were broken. */
export interface Held extends Statement {
  readonly heldBy: readonly TestName[];
}

export interface NotApplicable extends Statement {
  /** Why it does not apply. */
  readonly doesNotApply: string;
}

/** Nothing holds it yet. */
export interface Open extends Statement {
  readonly open: string;
}

export type Row = Held | NotApplicable | Open;

/** Statements about one thing. */
export interface Topic {
  readonly title: string;
  readonly rows: readonly Row[];
}
