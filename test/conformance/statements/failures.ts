/** Failures that are remembered, and how often anybody is asked: RFC 9520. */
import type { Topic } from '../statement.ts';

export const FAILURES: Topic = {
  title: 'Failures',
  rows: [
    {
      id: '54',
      source: 'RFC 9520 section 3.2',
      says: 'A failure is remembered for a second at least and five minutes at most, for twice as long each time.',
      heldBy: [
        [
          'plugins/cache/failures.test.ts',
          'a question that cannot be resolved > stays away for a second at least',
        ],
        [
          'plugins/cache/failure-table.test.ts',
          'a question that fails > stays away for twice as long each time',
        ],
        ['plugins/cache/failure-table.test.ts', 'a step of back-off > 9 after 300000 ms takes 300000 ms'],
        ['plugins/cache/options.test.ts', 'a cache directive is refused > for its option: servfail 301s'],
      ],
    },
    {
      id: '55',
      source: 'RFC 9520 section 3.2',
      says: 'While a failure is remembered, the question does not go upstream.',
      heldBy: [
        [
          'plugins/cache/failures.test.ts',
          'a question that cannot be resolved > goes upstream once for each step, when nobody answers',
        ],
        [
          'plugins/cache/failures.test.ts',
          'a question that cannot be resolved > goes upstream once for each step, when the answer is SERVFAIL',
        ],
        [
          'scenario/failure-cache.test.ts',
          'a storm for a name that nobody answers costs one query for each step, twice as long each time',
        ],
      ],
    },
    {
      id: '56',
      source: 'RFC 9520 section 3.2',
      says: 'One server is asked one thing three times at most over each transport, however it fails.',
      note: '`max_connect_attempts` over 3 for one upstream asks no more often than that.',
      heldBy: [
        ['scenario/tries.test.ts', 'an upstream that %s is asked three times at most'],
        [
          'upstream/pending-query.test.ts',
          'a query that nobody answers > may be sent three times, or less where it has been sent before',
        ],
        [
          'upstream/tcp-silence.test.ts',
          'a connection on which nothing comes > has its questions asked three times at most, while others are answered',
        ],
      ],
    },
    {
      id: '57',
      source: 'RFC 9520 section 3.2',
      says: 'Failures are bounded in number and kept under their question; an answer ends them at once; they say 13, 22 or 23.',
      heldBy: [
        ['plugins/cache/failure-table.test.ts', 'failures > are bounded in number, and those asked for stay'],
        [
          'plugins/cache/failures.test.ts',
          'a question that cannot be resolved > is told from others by type, DO and CD',
        ],
        ['plugins/cache/failures.test.ts', 'a question that cannot be resolved > begins anew after $what'],
        ['plugins/cache/failures.test.ts', 'failures without end take no answer away'],
        ['scenario/failure-cache.test.ts', 'a failure is over with the first answer'],
        [
          'plugins/cache/failures.test.ts',
          'a question that cannot be resolved > is answered with the reason: $what',
        ],
        ['plugins/cache/cache.test.ts', 'an answer from memory > of a failure says that it is one'],
      ],
    },
    {
      id: '79',
      source: 'RFC 4697 section 2; RFC 9520 section 1',
      says: 'In an outage upstreams are asked no more than failures and their back-off allow, whatever clients do.',
      heldBy: [
        [
          'scenario/failure-cache.test.ts',
          'a storm for a name that nobody answers costs one query for each step, twice as long each time',
        ],
        [
          'scenario/serve-stale.test.ts',
          'an upstream that is silent > is asked once in the time to check again, by however many',
        ],
        [
          'upstream/breaker.test.ts',
          'Breaker > opens for a quarter of a second, and for twice as long each time, up to 8 s',
        ],
        ['upstream/trouble.test.ts', 'an upstream where no connection opens is not hammered'],
      ],
    },
  ],
};
