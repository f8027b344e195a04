/** Something in a Corefile that loads and yet is hardly what anybody wants. */

export type WarningCode =
  | 'loop'
  | 'stub-resolver'
  | 'cache-without-forward'
  | 'denial-ttl'
  | 'upper-case-zone'
  | 'shadowed-block'
  | 'shadowed-forward'
  | 'no-listener'
  | 'no-answers';

export interface Warning {
  readonly code: WarningCode;
  /** `file:line` of what it is about. */
  readonly place: string;
  /** One sentence, or two: what happens, and what to do. Without the place. */
  readonly message: string;
}

/** As a line of a log has it. */
export const warningText = ({ place, message }: Warning): string => `${place}: ${message}`;
