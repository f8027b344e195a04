/** What a proxy between clients and a resolver owes both: RFC 5625 and 9715. */
import type { Topic } from '../statement.ts';

export const PROXY: Topic = {
  title: 'Between clients and resolver',
  rows: [
    {
      id: '34',
      source: 'RFC 5625 sections 3, 4.1, 4.3',
      says: 'Types, RDATA and classes that nobody here knows are forwarded and come back unharmed.',
      heldBy: [
        [
          'scenario/judged-messages.test.ts',
          'a message that is no question for a cache > but goes upstream when it asks for a type that nobody knows',
        ],
        [
          'scenario/judged-messages.test.ts',
          'a message that is no question for a cache > but goes upstream when it asks for the class CH where a block forwards',
        ],
        ['scenario/any-octets.test.ts', 'RDATA of %s comes back bit by bit, from upstream and from memory'],
        ['upstream/reply-check.test.ts', 'a reply counts > with a type that nobody knows'],
      ],
    },
    {
      id: '35',
      source: 'RFC 5625 section 4.4.1',
      says: 'There is a service over TCP wherever there is one over UDP.',
      heldBy: [
        ['listen/tcp.test.ts', 'TCP > answers on %s, and tells the handler who asked where'],
        [
          'scenario/embedded-default.test.ts',
          'serve without a Corefile > answers for its cluster on both families, over UDP and TCP, and shows its pages',
        ],
      ],
    },
    {
      id: '36',
      source: 'RFC 5625 section 4.4.1',
      says: 'No reply is cut and then sent without TC, whether we cut it or an upstream did.',
      heldBy: [
        [
          'chain/render.test.ts',
          'the size of a reply > is filled up to the limit, and TC set for what is left out: $what',
        ],
        [
          'chain/render.test.ts',
          'the header of a reply > keeps the TC of an answer that the upstream truncated',
        ],
        [
          'upstream/upstream.test.ts',
          'a truncated reply over UDP > counts also when it was cut in the middle of a record',
        ],
        [
          'wire/any-message.test.ts',
          'every message > is sound when it is cut to any size, and what is left are its first records',
        ],
      ],
    },
    {
      id: '37',
      source: 'RFC 5625 section 4.4.2',
      says: 'Replies of upstreams are taken up to the size that is advertised, and queries with EDNS beyond 512 octets.',
      heldBy: [
        ['upstream/udp-pool.test.ts', 'replies over UDP > may be longer than what we advertise'],
        ['listen/udp.test.ts', 'takes queries of more than 512 octets: %i'],
        ['scenario/client-edns.test.ts', 'the OPT of a client > may fill a query of more than 512 octets'],
      ],
    },
    {
      id: '77',
      source: 'RFC 9715 section 3',
      says: 'No reply over UDP is so long that it would be sent in fragments: 1232 octets, unless `bufsize` says otherwise.',
      heldBy: [
        [
          'scenario/reply-size.test.ts',
          'the size of an answer > is never more than 1232 octets over UDP, whatever the client takes',
        ],
        ['chain/render.test.ts', 'the size of a reply > $what: $limit'],
      ],
    },
  ],
};
