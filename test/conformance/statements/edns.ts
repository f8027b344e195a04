/** EDNS and its options: RFC 6891, 7828, 7830, 7873, 8914. */
import type { Topic } from '../statement.ts';

export const EDNS: Topic = {
  title: 'EDNS',
  rows: [
    {
      id: '26',
      source: 'RFC 6891 sections 6.1.1, 7',
      says: 'A query with an OPT gets one back, with every kind of reply; one without gets none.',
      heldBy: [
        ['chain/render.test.ts', 'the OPT of a reply > is there exactly when the query had one'],
        [
          'scenario/client-edns.test.ts',
          'the OPT of a client > is matched by one in %s, and by none where there is none',
        ],
        [
          'wire/query.test.ts',
          'the OPT of a query > is known of a query that is refused for a second one, so that the refusal has one',
        ],
      ],
    },
    {
      id: '27',
      source: 'RFC 6891 section 6.1.1',
      says: 'More than one OPT, one outside of additional, or one whose owner is not the root, is a FORMERR.',
      heldBy: [
        ['wire/query.test.ts', 'the OPT of a query > makes a FORMERR when it stands twice (section 6.1.1)'],
        [
          'wire/query.test.ts',
          'the OPT of a query > makes a FORMERR when it stands in the answer section (section 6.1.1)',
        ],
        [
          'wire/query.test.ts',
          'the OPT of a query > makes a FORMERR when its owner is not the root (section 6.1.1)',
        ],
      ],
    },
    {
      id: '28',
      source: 'RFC 6891 section 6.1.1',
      says: 'An OPT is neither kept nor forwarded: the one upstream is our own.',
      heldBy: [
        [
          'plugins/forward/exchanges.test.ts',
          'what an upstream sees > is the same message, whatever the client sent: $what',
        ],
        [
          'plugins/forward/exchanges.test.ts',
          'what comes back > is the answer, without the OPT of the upstream',
        ],
        ['plugins/forward/reply.test.ts', "an upstream's reply > loses its OPT and nothing else: %s"],
      ],
    },
    {
      id: '29',
      source: 'RFC 6891 section 6.1.3',
      says: 'A version over 0 gets BADVERS with version 0, and nothing else is done.',
      heldBy: [
        [
          'listen/accept.test.ts',
          'a message > gets BADVERS, our version, and nothing else for another version of EDNS',
        ],
        ['listen/udp.test.ts', 'refuses what cannot be served, and asks no handler'],
      ],
    },
    {
      id: '30',
      source: 'RFC 6891 section 6.2.3; RFC 9715',
      says: 'A payload size under 512 means 512; ours is 1232.',
      heldBy: [
        ['wire/query.test.ts', 'the OPT of a query > of size 511 means 512 octets (RFC 6891 section 6.2.3)'],
        [
          'chain/render.test.ts',
          'the OPT of a reply > tells what we take, not what the client takes: $payload allowed',
        ],
        [
          'upstream/udp-pool.test.ts',
          'questions over UDP > advertise 1232 octets and go out in the case they were given',
        ],
      ],
    },
    {
      id: '31',
      source: 'RFC 6891 sections 6.1.2, 6.1.4',
      says: 'Unknown options and unknown flags of an OPT are ignored, and the flags that we send are DO or none.',
      heldBy: [
        ['listen/accept.test.ts', 'a message > is accepted: options that nobody knows'],
        ['wire/edns.test.ts', 'an OPT > has DO in one bit; the other Z bits are ignored (section 6.1.4)'],
        ['chain/render.test.ts', 'the OPT of a reply > repeats DO and no other flag: %s'],
        ['scenario/client-options.test.ts', 'a query with $what is answered as if it had none'],
      ],
    },
    {
      id: '32',
      source: 'RFC 6891 section 7',
      says: 'An upstream that answers FORMERR or NOTIMP without an OPT is asked without EDNS, for minutes; silence alone changes nothing.',
      heldBy: [
        [
          'upstream/upstream.test.ts',
          'an upstream without EDNS > that says FORMERR is asked without it, for five minutes',
        ],
        [
          'upstream/upstream.test.ts',
          'an upstream without EDNS > is not what one is that sends an OPT with its FORMERR',
        ],
        ['upstream/upstream.test.ts', 'an upstream without EDNS > is not what one is that does not answer'],
      ],
    },
    {
      id: '33',
      source: 'CVE-2026-41292, CVE-2026-42944',
      says: 'A list of options is read in time that grows with it, as many as a message can hold, and the same one may stand there twice.',
      heldBy: [
        ['wire/edns.test.ts', 'options > are sound: several, unknown ones and the same twice'],
        ['wire/edns.test.ts', 'options > are sound: as many as a message can hold'],
        [
          'wire/linear-work.test.ts',
          'a query > is looked at four octets for each option, whatever is in them',
        ],
      ],
    },
    {
      id: '46',
      source: 'RFC 7828 section 3',
      says: 'The keepalive option is ignored over UDP, changes nothing over TCP, and is never forwarded.',
      note: 'It is not implemented: no reply carries it, and since no query upstream does, no upstream may send it.',
      heldBy: [
        ['scenario/client-options.test.ts', 'a query with $what is answered as if it had none'],
        [
          'scenario/client-edns.test.ts',
          'the OPT of a client > does not bring its options upstream, and gets none back',
        ],
      ],
    },
    {
      id: '59',
      source: 'RFC 8914 sections 2, 3; CVE-2024-1931',
      says: 'An Extended DNS Error changes no answer, comes with an OPT only, and is left out first where there is no room.',
      heldBy: [
        [
          'chain/render.test.ts',
          'the OPT of a reply > tells an Extended DNS Error to clients with EDNS only',
        ],
        ['chain/render.test.ts', 'the OPT of a reply > drops the Extended DNS Error before any record'],
        [
          'chain/render.test.ts',
          'the OPT of a reply > drops an Extended DNS Error that does not fit beside a question',
        ],
        [
          'chain/render.test.ts',
          'renderedOctets > is never less than what is written, and nothing is written behind it',
        ],
      ],
    },
    {
      id: '60',
      source: 'RFC 8914 section 4',
      says: 'The codes say what happened: 3 and 19 stale, 13 a failure from memory, 15 to 18 policy, 20 no zone, 21 not served, 22 no answer, 23 no network; those of upstreams are left out.',
      note: 'Code 14 is not used: before it is ready, the daemon does not answer. Code 24 is not used either: data that is invalid is not waited out, the next upstream is asked.',
      heldBy: [
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > says so, and is not authentic: $what',
        ],
        ['plugins/cache/cache.test.ts', 'an answer from memory > of a failure says that it is one'],
        ['serve/root-handler.test.ts', 'a query > for %s is refused'],
        [
          'plugins/cache/failures.test.ts',
          'a question that cannot be resolved > is answered with the reason: $what',
        ],
        [
          'plugins/forward/tried-upstreams.test.ts',
          'when an upstream does not answer > the client gets SERVFAIL and hears why: $code',
        ],
        [
          'plugins/acl/acl.test.ts',
          'what a policy does > block answers with nothing but REFUSED and an Extended DNS Error',
        ],
        [
          'scenario/zone-match.test.ts',
          'server blocks > refuses a name of no zone, and says why to those who understand',
        ],
        [
          'plugins/forward/exchanges.test.ts',
          'what comes back > is the answer, without the OPT of the upstream',
        ],
      ],
    },
    {
      id: '61',
      source: 'RFC 7873 section 5.2',
      says: 'A client’s cookie, of whatever length, goes no further and is no part of the question.',
      note: 'Cookies are not implemented, so one of a wrong length is ignored like every unknown option.',
      heldBy: [
        ['chain/query.test.ts', 'the key of a query > is the same whatever a cookie'],
        [
          'plugins/forward/exchanges.test.ts',
          'what an upstream sees > is the same message, whatever the client sent: a cookie and padding',
        ],
        ['scenario/client-options.test.ts', 'a query with $what is answered as if it had none'],
      ],
    },
    {
      id: '62',
      source: 'RFC 7873 section 5.3',
      says: 'An upstream that once sent a valid cookie is not believed over UDP without one.',
      doesNotApply:
        'Upstreams are sent no cookies, and so may send none; for the cluster DNS the way is TCP.',
    },
    {
      id: '68',
      source: 'RFC 7830 section 4; RFC 8467',
      says: 'Padding is accepted, and none is sent where nothing is encrypted.',
      heldBy: [
        ['scenario/client-options.test.ts', 'a query with $what is answered as if it had none'],
        ['listen/udp.test.ts', 'takes queries of more than 512 octets: %i'],
        ['chain/render.test.ts', "the OPT of a reply > repeats none of the client's options"],
      ],
    },
  ],
};
