/** What is kept and for how long: RFC 1035, 2181, 2308, 8020, 8198, and the clock that it is measured with. */
import type { Topic } from '../statement.ts';

export const CACHING: Topic = {
  title: 'What is kept, and for how long',
  rows: [
    {
      id: '5',
      source: 'RFC 1035 section 3.2.1',
      says: 'TTLs count down in whole seconds; TTL 0 is for the transactions under way only.',
      note: 'As in CoreDNS, a TTL under 5 s is raised to that unless MINTTL is 0.',
      heldBy: [
        ['plugins/cache/cache.test.ts', 'an answer from memory > counts its TTLs down in whole seconds'],
        [
          'scenario/cached-ttl.test.ts',
          'the TTL of a cached answer > counts down, each record by itself, and ends',
        ],
        ['plugins/cache/kept-answers.test.ts', 'nothing is kept of > TTL 0, where no minimum raises it'],
        ['plugins/cache/kept-answers.test.ts', 'nothing is kept of > one record of TTL 0 among others'],
      ],
    },
    {
      id: '12',
      source: 'RFC 2181 section 5.2',
      says: 'Where the records of an RRset differ in TTL, all have the lowest.',
      heldBy: [
        [
          'wire/ttl.test.ts',
          'levelling RRsets (RFC 2181 section 5.2) > gives each record the smallest TTL of its RRset',
        ],
        [
          'plugins/cache/kept-answers.test.ts',
          'an answer is kept for > the shortest TTL of an RRset, which all its records get',
        ],
      ],
    },
    {
      id: '13',
      source: 'RFC 2181 section 9',
      says: 'A reply with TC is never kept, and never served as if it were complete.',
      heldBy: [
        ['plugins/cache/kept-answers.test.ts', 'nothing is kept of > a truncated answer'],
        ['plugins/cache/kept-answers.test.ts', 'nothing is kept of > a truncated denial'],
        ['wire/classify.test.ts', 'what must never be kept > a truncated answer (RFC 2181 section 9)'],
        [
          'chain/fit-transport.test.ts',
          'fitTransport > gives SERVFAIL in its place to a client of TCP, and says why',
        ],
        [
          'scenario/truncated-upstream.test.ts',
          'passes the cut answer on where TCP fails, and keeps nothing of it',
        ],
      ],
    },
    {
      id: '15',
      source: 'RFC 2181 section 5.4.1',
      says: 'What stands in authority and additional answers no other question: a message is kept under its own alone.',
      heldBy: [
        [
          'scenario/forgery.test.ts',
          'a reply that is right > says nothing about other names, whatever records it brings',
        ],
        [
          'plugins/cache/kept-answers.test.ts',
          'nothing is kept of > an answer to another question, which is counted: another $what',
        ],
      ],
    },
    {
      id: '16',
      source: 'RFC 2308 section 5',
      says: 'NXDOMAIN and NODATA are kept under name, type and class: a denial of one type never hides another.',
      note: 'RFC 2308 would have NXDOMAIN for every type. `template` rules that answer AAAA with NXDOMAIN are common and must not take A away; it costs one query for a second type.',
      heldBy: [
        [
          'plugins/cache/cache.test.ts',
          'a question > of another type at a name that does not exist is asked all the same',
        ],
        ['plugins/cache/cache.test.ts', 'a question > has an answer of its own for another type'],
        ['plugins/cache/cache.test.ts', 'a question > has an answer of its own for another class'],
      ],
    },
    {
      id: '17',
      source: 'RFC 2308 sections 3, 5',
      says: 'A denial lives for the smaller of MINIMUM and TTL of its SOA, counted down; without an SOA it is not kept.',
      heldBy: [
        ['plugins/cache/kept-answers.test.ts', 'a denial is kept for > the TTL of its SOA'],
        [
          'plugins/cache/kept-answers.test.ts',
          'a denial is kept for > the MINIMUM of its SOA, if that is less',
        ],
        ['plugins/cache/kept-answers.test.ts', 'nothing is kept of > NXDOMAIN without SOA'],
        ['plugins/cache/kept-answers.test.ts', 'nothing is kept of > an empty answer without SOA'],
        ['scenario/cached-ttl.test.ts', 'is, for a denial, the MINIMUM of the SOA where that is shorter'],
        ['scenario/cached-ttl.test.ts', 'is, for a denial, the TTL of the SOA where that is shorter'],
      ],
    },
    {
      id: '18',
      source: 'RFC 2308 section 6',
      says: 'A denial from memory has the SOA in authority, with what is left of its TTL.',
      heldBy: [
        [
          'plugins/cache/cache.test.ts',
          'an answer from memory > has the rcode, the records and the SOA of a denial',
        ],
        ['plugins/cache/denials.test.ts', 'the SOA of a denial counts down'],
      ],
    },
    {
      id: '19',
      source: 'RFC 2308 section 5',
      says: 'How long a denial is kept has a bound, that can be set and is lower than that for answers unless somebody raises it.',
      heldBy: [
        ['plugins/cache/kept-answers.test.ts', 'a denial is kept for > half an hour at most'],
        ['plugins/cache/kept-answers.test.ts', 'a denial is kept for > the maximum of its store'],
        [
          'plugins/cache/options.test.ts',
          'a cache directive > has the defaults of CoreDNS, and the zones of its block',
        ],
      ],
    },
    {
      id: '20',
      source: 'RFC 2308 sections 2.1, 2.2',
      says: 'A denial behind an alias is one of the end of the chain; the alias itself can still be had.',
      heldBy: [
        [
          'wire/classify.test.ts',
          'NOERROR > is NODATA with an alias to nowhere and an SOA: the denial is of the end of the chain',
        ],
        ['wire/classify.test.ts', 'other rcodes > NXDOMAIN behind a chain'],
        [
          'plugins/cache/kept-answers.test.ts',
          'a denial is kept for > its SOA or the alias before it, whichever is shorter',
        ],
        ['plugins/cache/denials.test.ts', 'a denial behind an alias leaves the alias to be asked for'],
      ],
    },
    {
      id: '47',
      source: 'RFC 8020 section 2',
      says: 'NXDOMAIN for a name says nothing of the names below it: the cut, a SHOULD for iterative resolvers, is not made.',
      note: 'Search lists and headless services live below names that do not exist, and another zone may be forwarded there.',
      heldBy: [
        [
          'plugins/cache/cache.test.ts',
          'a question > below a name that does not exist is asked all the same (no RFC 8020)',
        ],
      ],
    },
    {
      id: '48',
      source: 'RFC 8198',
      says: 'No denial is made of NSEC or NSEC3 records: that needs validation, which is the upstream’s.',
      heldBy: [
        [
          'plugins/cache/denials.test.ts',
          'no synthesis (RFC 8198) > a denial with $what denies no name but its own',
        ],
      ],
    },
    {
      id: '52',
      source: 'RFC 8767 section 4',
      says: 'A TTL is a week at most, and one with the top bit set is large, not 0.',
      heldBy: [
        ['wire/ttl.test.ts', 'clamping > caps at a week'],
        ['wire/ttl.test.ts', 'clamping > the top bit: large, then capped (RFC 8767 section 4)'],
        [
          'plugins/cache/kept-answers.test.ts',
          'an answer is kept for > a week, whatever the maximum and the top bit say',
        ],
      ],
    },
    {
      id: '80',
      source: 'RFC 8767 section 4; CoreDNS #8346',
      says: 'What is kept ages by the monotonic clock: a jump of the wall clock changes no TTL.',
      heldBy: [
        ['base/clock.test.ts', 'the clock of the daemon does not follow the wall clock'],
        [
          'architecture/wall-clock.test.ts',
          'src looks at the wall clock only where the list says, and there it does',
        ],
        ['scenario/process/clock-jump.test.ts', 'ages answers by the time that has passed, and by no other'],
        [
          'scenario/process/clock-jump.test.ts',
          'waits for upstreams as long as before, and shows no new start',
        ],
        [
          'plugins/cache/cache-memory.test.ts',
          'an answer > is fresh for its life and not longer, after ten years',
        ],
      ],
    },
  ],
};
