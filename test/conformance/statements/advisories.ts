/** What was wrong with CoreDNS, by its advisories and the fixes without one: each may be wrong with any forwarding cache. */
import type { Topic } from '../statement.ts';

export const ADVISORIES: Topic = {
  title: 'Advisories of CoreDNS',
  rows: [
    {
      id: 'A1',
      source: 'Cure53 DNS-01-003',
      says: 'A reply to another name is not kept.',
      heldBy: [
        [
          'plugins/cache/kept-answers.test.ts',
          'nothing is kept of > an answer to another question, which is counted: another name',
        ],
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > with another name does not end the wait'],
      ],
    },
    {
      id: 'A2',
      source: 'CVE-2019-19794',
      says: 'Ids come from the cryptographic generator, not from one whose state can be found.',
      heldBy: [
        ['upstream/random-source.test.ts', 'ids do not come from Math.random'],
        ['upstream/random-id.test.ts', 'RandomIds > spreads ids evenly over all 16 bits'],
      ],
    },
    {
      id: 'A3',
      source: 'CVE-2022-2835, CVE-2022-2837',
      says: 'A namespace or service named like a top-level domain takes names over through search lists.',
      doesNotApply:
        'That is what the cluster DNS answers for such names and what pods search; a cache passes on both.',
    },
    {
      id: 'A4',
      source: 'CVE-2023-28452',
      says: 'An early reply that is malformed does not end the exchange.',
      heldBy: [
        [
          'upstream/udp-pool.test.ts',
          'a forged datagram over UDP > with a record cut short does not end the wait',
        ],
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > with noise does not end the wait'],
        ['scenario/lying-upstream.test.ts', 'over UDP > ignores a forgery and waits for the answer'],
      ],
    },
    {
      id: 'A5',
      source: 'CVE-2023-30464',
      says: 'Many who ask the same do not make many exchanges to guess at.',
      heldBy: [
        [
          'scenario/forgery.test.ts',
          'many who ask the same at the same time > are one question upstream, so that a guess is one guess',
        ],
        ['scenario/one-exchange.test.ts', 'asks once for 10,000 that wait at the same time %s'],
      ],
    },
    {
      id: 'A6',
      source: 'CVE-2024-0874; CoreDNS #6186',
      says: 'What was asked with CD is not answered to who asks without.',
      heldBy: [
        [
          'scenario/cache-key.test.ts',
          'keeps answers with DO and with CD apart, and shares them whatever else differs',
        ],
      ],
    },
    {
      id: 'A7',
      source: 'CVE-2025-47950',
      says: 'One connection cannot have work under way without bound.',
      heldBy: [
        [
          'listen/tcp-connection.test.ts',
          'no more than ${MAX_IN_FLIGHT} queries of a connection are under way',
        ],
      ],
    },
    {
      id: 'A8',
      source: 'CVE-2025-58063',
      says: 'No TTL, whoever gave it, pins an answer for years.',
      heldBy: [
        [
          'plugins/cache/kept-answers.test.ts',
          'an answer is kept for > a week, whatever the maximum and the top bit say',
        ],
      ],
    },
    {
      id: 'A9',
      source: 'CVE-2025-68151',
      says: 'Connections, what they carry and how long they idle have bounds.',
      heldBy: [
        ['listen/tcp.test.ts', 'no more than ${MAX_CONNECTIONS} connections are kept'],
        [
          'listen/tcp-connection.test.ts',
          'the clocks of a connection > close it when it has been idle for long',
        ],
        [
          'listen/tcp-connection.test.ts',
          'a client that does not read > is read from no more while much waits for it, and served on when it reads',
        ],
      ],
    },
    {
      id: 'A10',
      source: 'CVE-2026-26017',
      says: '`acl` judges the name that `rewrite` leaves, not the one before it.',
      heldBy: [['scenario/acl-and-rewrite.test.ts', 'acl judges a name as rewrite leaves it']],
    },
    {
      id: 'A11',
      source: 'CVE-2026-26018',
      says: 'Nothing that comes from the network ends the process, and nobody can guess the name of a probe.',
      heldBy: [
        [
          'plugins/loop/loop.test.ts',
          'a probe > has a name that nobody can guess and no other probe has, below the first zone of the block',
        ],
        ['upstream/random-source.test.ts', 'names of probes do not come from Math.random'],
        [
          'scenario/loop.test.ts',
          'leaves an upstream out that is ourselves, over UDP, and goes on with the other',
        ],
        [
          'scenario/hostile-packets.test.ts',
          'answers every query among 20,000 damaged packets, nothing else, and is well afterwards',
        ],
      ],
    },
    {
      id: 'A12',
      source: 'CVE-2026-32934',
      says: 'A client that sends one octet at a time holds nothing but its own connection, and that for 3 s.',
      heldBy: [
        [
          'listen/tcp-connection.test.ts',
          'the clocks of a connection > close it when a message is not complete in time, however its octets come',
        ],
        [
          'listen/tcp-connection.test.ts',
          'the clocks of a connection > close all of many that have said nothing',
        ],
      ],
    },
    {
      id: 'A13',
      source: 'CVE-2026-32936',
      says: 'A length is looked at before any work is done for it.',
      heldBy: [
        ['wire/screen.test.ts', 'a header > of 11 octets is dropped, of 12 read'],
        ['wire/screen.test.ts', 'a header > with 65,535 questions'],
        ['observe/http.test.ts', 'a client that asks too much > gets 431 for headers over 4 KiB'],
      ],
    },
    {
      id: 'A14',
      source: 'CVE-2026-33489',
      says: 'The zone that a name belongs to is the longest one by labels, not by letters.',
      heldBy: [
        ['serve/zone-match.test.ts', 'zone match > $name goes to $block: $why'],
        [
          'serve/zone-match.test.ts',
          'zone match > takes the octets of a label for nothing else, even where they spell a zone',
        ],
      ],
    },
    {
      id: 'A15',
      source: 'CVE-2026-33190, CVE-2026-35579',
      says: 'A signature (TSIG) that is checked on one transport is checked on all.',
      doesNotApply:
        'Nothing is signed or verified here: there is no `tsig`, and a signed query is answered unsigned.',
    },
    {
      id: 'A16',
      source: 'CVE-2026-86003',
      says: 'UPDATE is forwarded on no transport.',
      heldBy: [
        [
          'scenario/judged-messages.test.ts',
          'a message that is no question for a cache > gets NOTIMP for the opcode update',
        ],
        ['listen/tcp.test.ts', 'TCP > refuses what cannot be served, says nothing to the rest, and goes on'],
      ],
    },
    {
      id: 'A17',
      source: 'CVE-2026-82399',
      says: 'The counts of a header are hints: nothing is reserved for records that are not there.',
      heldBy: [
        ['wire/records.test.ts', 'a walk > over 65,535 answers counted, one there'],
        ['wire/records.test.ts', 'a sound message > may count 16 bits of records and no more are looked for'],
        ['listen/accept.test.ts', 'a message > gets FORMERR without its question: it counts $what'],
      ],
    },
    {
      id: 'A18',
      source: 'CoreDNS #8261, #8272',
      says: 'The class is a part of the question, in the cache and in what a reply has to match.',
      heldBy: [
        ['plugins/cache/cache.test.ts', 'a question > has an answer of its own for another class'],
        ['upstream/reply-check.test.ts', 'a reply does not count > for another class'],
      ],
    },
    {
      id: 'A19',
      source: 'CoreDNS #8003',
      says: 'SERVFAIL from upstream hides no answer that is still good.',
      heldBy: [
        [
          'plugins/cache/cache.test.ts',
          'what comes later > a failure does not hide an answer that is still good',
        ],
        [
          'plugins/cache/prefetch.test.ts',
          'an answer that is about to expire > stays where the next one is SERVFAIL, and is not asked for again in the same second',
        ],
      ],
    },
    {
      id: 'A20',
      source: 'CoreDNS #8232',
      says: 'NODATA without an SOA is not kept.',
      heldBy: [['plugins/cache/kept-answers.test.ts', 'nothing is kept of > an empty answer without SOA']],
    },
    {
      id: 'A21',
      source: 'CoreDNS #7704',
      says: 'An upstream that refuses connections makes no busy loop.',
      heldBy: [
        [
          'upstream/tcp-pool.test.ts',
          'a question over TCP > fails at once when the port is closed, with all that wait, and the port is not hammered',
        ],
        ['upstream/trouble.test.ts', 'an upstream where no connection opens is not hammered'],
      ],
    },
    {
      id: 'A22',
      source: 'CoreDNS #7562',
      says: 'A stop during a reload ends, and reloads under load lose nothing.',
      heldBy: [
        ['scenario/stop.test.ts', 'answers what is on its way before it ends, over UDP and TCP'],
        ['scenario/reload-under-load.test.ts', 'loses no query in twenty reloads, with --udp=%s'],
        ['scenario/stop-during-reload.test.ts', 'a stop in the middle of reloads ends the process: %i'],
      ],
    },
    {
      id: 'A23',
      source: 'CoreDNS #6642',
      says: 'AD is kept with its answer and told to nobody who did not ask.',
      heldBy: [
        [
          'plugins/cache/cache.test.ts',
          'an answer from memory > is authentic for those who ask, if the first one was',
        ],
        [
          'chain/render.test.ts',
          'the header of a reply > tells of authentic data whoever asked for it: $asked',
        ],
      ],
    },
  ],
};
