/** The conformance table: every topic, in the order in which it is printed. */
import type { Topic } from '../statement.ts';
import { ADVISORIES } from './advisories.ts';
import { ATTACKS } from './attacks.ts';
import { BASE } from './base.ts';
import { CACHING } from './caching.ts';
import { DNSSEC_BITS } from './dnssec-bits.ts';
import { EDNS } from './edns.ts';
import { FAILURES } from './failures.ts';
import { FORGERY } from './forgery.ts';
import { PROXY } from './proxy.ts';
import { SPECIAL_NAMES } from './special-names.ts';
import { STALE } from './stale.ts';
import { TRANSPORT } from './transport.ts';

export const TOPICS: readonly Topic[] = [
  BASE,
  CACHING,
  FORGERY,
  EDNS,
  PROXY,
  TRANSPORT,
  STALE,
  FAILURES,
  DNSSEC_BITS,
  SPECIAL_NAMES,
  ADVISORIES,
  ATTACKS,
];
