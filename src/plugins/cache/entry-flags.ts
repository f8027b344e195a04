/**
 * The bits of FLAGS (`entry-table.ts`): what was asked, what is told, and how often.
 *
 *     31            16 15         8 7   5    4      3     2    1       0
 *     ├─── uses ──────┼── error ───┼─────┼ never ┼ AD  ┼ CD ┼ DO ┼ established ┤
 *                                         stale
 */
import type { Query } from '../../chain/query.ts';

/** Set while the entry is established in the order of use; that order's own. */
export const FLAG_ESTABLISHED = 1;
const FLAG_DNSSEC_OK = 2;
const FLAG_CHECKING_DISABLED = 4;
export const FLAG_AUTHENTIC = 8;
/** The answer is of no use once it has expired. */
export const FLAG_NEVER_STALE = 16;
const ASKED_FLAGS = FLAG_DNSSEC_OK | FLAG_CHECKING_DISABLED;

/** The number of the Extended DNS Error, 0 for none. */
const ERROR_SHIFT = 8;
/** A configuration has a handful; beyond this answers are kept without. */
export const MAX_ERRORS = 255;

const USES_SHIFT = 16;
/** Uses are counted up to here. */
export const MAX_USES = 0xffff;

export const isAsked = (flags: number, query: Query): boolean => (flags & ASKED_FLAGS) === askedFlags(query);

export const askedFlags = (query: Query): number =>
  (query.dnssecOk ? FLAG_DNSSEC_OK : 0) | (query.checkingDisabled ? FLAG_CHECKING_DISABLED : 0);

export const errorOf = (flags: number): number => (flags >>> ERROR_SHIFT) & MAX_ERRORS;
export const errorFlags = (error: number): number => error << ERROR_SHIFT;

export const usesOf = (flags: number): number => flags >>> USES_SHIFT;
export const withUses = (flags: number, uses: number): number => (flags & MAX_USES) | (uses << USES_SHIFT);
