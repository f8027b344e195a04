/** Answers given after they have expired: RFC 8767. */
import type { Topic } from '../statement.ts';

export const STALE: Topic = {
  title: 'Stale answers',
  rows: [
    {
      id: '49',
      source: 'RFC 8767 sections 4, 5',
      says: 'A stale answer comes after the refresh has failed or taken 1.8 s, with a TTL of 30 s; what failed is not tried again for 30 s; how old it may be has a bound.',
      note: 'That is `verify`. `immediate`, CoreDNS’s default, gives it at once and refreshes behind it.',
      heldBy: [
        [
          'plugins/cache/serve-stale.test.ts',
          'a stale answer after the upstream had its time > is not given when the upstream answers in time',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'a stale answer after the upstream had its time > is given when the time is over, while the refresh goes on',
        ],
        [
          'plugins/cache/options.test.ts',
          'a cache directive > takes how answers are given that have expired: serve_stale 1h verify',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > has the TTL that the configuration says: 30',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'a refresh, with stale answers after the upstream had its time, > that gives $what takes nothing away, and is tried again after half a minute',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > is given for the duration and no longer, after the upstream failed',
        ],
      ],
    },
    {
      id: '50',
      source: 'RFC 8767 section 4',
      says: 'NXDOMAIN and NODATA from upstream end a stale answer; SERVFAIL, REFUSED and silence do not.',
      heldBy: [
        [
          'plugins/cache/serve-stale.test.ts',
          'a refresh, with stale answers at once, > that gives $what ends the answer',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'a refresh, with stale answers at once, > that gives $what takes nothing away, and is tried again after half a minute',
        ],
        ['scenario/serve-stale.test.ts', 'an upstream that answers > with SERVFAIL takes no answer away'],
        [
          'scenario/serve-stale.test.ts',
          'an upstream that answers > with NXDOMAIN ends what was known, which is stale then itself: verify',
        ],
      ],
    },
    {
      id: '51',
      source: 'RFC 8914 sections 4.4, 4.20',
      says: 'A stale answer says so to who speaks EDNS: 3, or 19 for NXDOMAIN.',
      heldBy: [
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > says so, and is not authentic: $what',
        ],
      ],
    },
    {
      id: '53',
      source: 'CVE-2026-46582, CVE-2026-56444',
      says: 'What was good for one transaction only is never stale, nor what may not be kept; nothing stale is authentic or outlives its duration.',
      heldBy: [
        ['plugins/cache/serve-stale.test.ts', 'an answer that has expired > is not given where it was $what'],
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > says so, and is not authentic: $what',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > is never given without serve_stale, or where it is 0',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > is given for the duration and no longer, at once',
        ],
      ],
    },
  ],
};
