/** DO, CD and AD of a cache that does not validate: RFC 3225, 4035, 6840. */
import type { Topic } from '../statement.ts';

export const DNSSEC_BITS: Topic = {
  title: 'DO, CD and AD',
  rows: [
    {
      id: '63',
      source: 'RFC 4035 sections 3.2.1, 4.7; CVE-2024-0874',
      says: 'Answers to queries with DO, with CD, with both and with neither are kept apart.',
      heldBy: [
        ['chain/query.test.ts', 'the key of a query > differs by $what'],
        ['plugins/cache/cache.test.ts', 'a question > has an answer of its own for another DO'],
        ['plugins/cache/cache.test.ts', 'a question > has an answer of its own for another CD'],
        [
          'scenario/cache-key.test.ts',
          'keeps answers with DO and with CD apart, and shares them whatever else differs',
        ],
      ],
    },
    {
      id: '64',
      source: 'RFC 4035 section 3.2.2',
      says: 'CD goes upstream as it was asked, and comes back in the reply.',
      heldBy: [
        ['plugins/forward/exchanges.test.ts', 'what an upstream sees > has the DO and CD of the client'],
        [
          'chain/render.test.ts',
          'the header of a reply > repeats RD and CD and claims recursion: asked with CD',
        ],
      ],
    },
    {
      id: '65',
      source: 'RFC 3225 section 3',
      says: 'The OPT of a reply has the DO of the query.',
      heldBy: [['chain/render.test.ts', 'the OPT of a reply > repeats DO and no other flag: %s']],
    },
    {
      id: '66',
      source: 'RFC 6840 sections 5.7, 5.8',
      says: 'AD is set only where the upstream set it for this answer and the client asked with AD or DO; never on what is stale or was made here.',
      heldBy: [
        [
          'chain/render.test.ts',
          'the header of a reply > tells of authentic data whoever asked for it: $asked',
        ],
        [
          'plugins/cache/cache.test.ts',
          'an answer from memory > is authentic for those who ask, if the first one was',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > says so, and is not authentic: $what',
        ],
        [
          'plugins/dns64/dns64.test.ts',
          'a question for AAAA over IPv6 > has nothing authentic or authoritative about it',
        ],
      ],
    },
    {
      id: '67',
      source: 'RFC 4035 section 3.2.1; RFC 3225 section 3',
      says: 'Who asks without DO gets what the upstream says to a question without DO: no signatures that another asked for.',
      heldBy: [
        ['plugins/forward/exchanges.test.ts', 'what an upstream sees > has the DO and CD of the client'],
        [
          'scenario/cache-key.test.ts',
          'keeps answers with DO and with CD apart, and shares them whatever else differs',
        ],
      ],
    },
  ],
};
