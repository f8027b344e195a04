/** RFC 1034 and 1035, and what later ones say about the same: headers, names, messages, which queries are answered at all. */
import type { Topic } from '../statement.ts';

export const BASE: Topic = {
  title: 'Messages and names',
  rows: [
    {
      id: '1',
      source: 'RFC 1035 section 4.1.1',
      says: 'A reply repeats the id, the opcode, RD and the question octet for octet, case included; QR and RA are set, Z is not.',
      heldBy: [
        ['chain/render.test.ts', 'the header of a reply > has the id of the query'],
        [
          'chain/render.test.ts',
          'the header of a reply > repeats RD and CD and claims recursion: asked with $asked',
        ],
        ['chain/render.test.ts', 'the header of a reply > never has the Z bit, whoever had it'],
        ['chain/render.test.ts', 'the header of a reply > repeats the opcode'],
        ['chain/render.test.ts', 'the question of a reply > is what was asked, octet for octet: %s'],
        [
          'scenario/question-case.test.ts',
          'echoes the case of the question for misses, hits, denials, failures and refusals',
        ],
      ],
    },
    {
      id: '2',
      source: 'RFC 1034 section 6.2.7',
      says: 'An answer from memory does not have AA.',
      heldBy: [
        [
          'plugins/cache/cache.test.ts',
          'an answer from memory > is not authoritative, whatever the first one said',
        ],
      ],
    },
    {
      id: '3',
      source: 'RFC 1035 section 4.1.1',
      says: 'What is shorter than a header, or says that it is a response, is dropped without a word.',
      heldBy: [
        ['listen/accept.test.ts', 'a message > is dropped without a word: $what'],
        ['listen/udp.test.ts', 'says nothing to responses and to what is too short'],
        [
          'scenario/judged-messages.test.ts',
          'a message that is no question for a cache > gets nothing when it says that it is a response, or is no message at all',
        ],
      ],
    },
    {
      id: '4',
      source: 'RFC 1035 section 4.1.1',
      says: 'A query with a sound header and a broken body gets FORMERR with its id: neither silence nor a crash.',
      heldBy: [
        [
          'listen/accept.test.ts',
          'a message > gets FORMERR with as much of the question as could be read: $what',
        ],
        ['wire/any-octets.test.ts', 'any octets > are a query or not, with its question inside'],
        [
          'scenario/hostile-packets.test.ts',
          'answers every query among 20,000 damaged packets, nothing else, and is well afterwards',
        ],
      ],
    },
    {
      id: '6',
      source: 'RFC 1035 sections 2.3.4, 4.1.4; RFC 9267 sections 2, 3',
      says: 'Labels of at most 63 octets, names of at most 255 after decompression, pointers strictly backwards, no loops, no other label types.',
      heldBy: [
        ['wire/name.test.ts', 'a name without pointers > is malformed: %s'],
        ['wire/name.test.ts', 'a name with pointers > is malformed when one points %s'],
        ['wire/name.test.ts', 'a name with pointers > is malformed when two names point to each other'],
        ['wire/name.test.ts', 'a name with pointers > may be expanded to 256 octets'],
        [
          'wire/query.test.ts',
          'the question of a query > cannot be read when it is %s, and nothing of it is repeated',
        ],
        ['wire/any-octets.test.ts', 'any octets > are a name or not, at every offset'],
      ],
    },
    {
      id: '7',
      source: 'RFC 9267 sections 5, 6',
      says: 'RDLENGTH is what the RDATA of a known type takes, and there are as many records as the header counts.',
      heldBy: [
        ['wire/rdata.test.ts', 'RDATA > of %s is not %s'],
        ['wire/rdata.test.ts', 'RDATA > of a name does not go on in the next record'],
        ['wire/records.test.ts', 'a sound message > does not have %s'],
        ['upstream/reply-check.test.ts', 'a reply does not count > with fewer records than it counts'],
        ['upstream/reply-check.test.ts', 'a reply does not count > when RDATA does not fill its length'],
      ],
    },
    {
      id: '8',
      source: 'RFC 1035 section 4.2.1; RFC 2181 section 9',
      says: "A UDP answer over the client's size (512 octets without EDNS) is cut and has TC; what has no TC is complete.",
      note: "Cut at a record's border, not an RRset's: musl before 1.2.4 lives on what a truncated answer has. With TC nobody may take it for complete.",
      heldBy: [
        ['wire/truncate.test.ts', 'truncation'],
        [
          'chain/render.test.ts',
          'the size of a reply > is filled up to the limit, and TC set for what is left out: $what',
        ],
        [
          'scenario/reply-size.test.ts',
          'the size of an answer > is cut for a client without EDNS, which then comes over TCP',
        ],
      ],
    },
    {
      id: '9',
      source: 'RFC 1035 section 4.1.1; RFC 8906 section 3.1.4',
      says: 'Opcodes other than QUERY get NOTIMP and go nowhere: neither UPDATE nor NOTIFY reaches an upstream.',
      heldBy: [
        ['listen/accept.test.ts', 'a message > gets NOTIMP with its opcode and without its question: $what'],
        ['wire/screen.test.ts', 'a header > with opcode %i is not implemented'],
        [
          'scenario/judged-messages.test.ts',
          'a message that is no question for a cache > gets NOTIMP for the opcode update',
        ],
      ],
    },
    {
      id: '10',
      source: 'RFC 1035 section 3.2.3; RFC 8906 section 3.1.1',
      says: 'AXFR, IXFR, MAILA, MAILB, TKEY, TSIG and OPT as a type, and the classes ANY and NONE, are refused and never kept.',
      heldBy: [
        ['serve/root-handler.test.ts', 'a query > for %s is refused'],
        [
          'serve/root-handler.test.ts',
          'a query > of class ANY is served by a block that forwards (true): false',
        ],
        [
          'serve/root-handler.test.ts',
          'a query > of class NONE is served by a block that forwards (true): false',
        ],
        ['wire/classify.test.ts', 'what must never be kept > AXFR'],
        [
          'scenario/judged-messages.test.ts',
          'a message that is no question for a cache > is refused when it asks for %s',
        ],
      ],
    },
    {
      id: '14',
      source: 'RFC 2181 section 11',
      says: 'Any octet may stand in a label: nothing is held to the syntax of host names.',
      heldBy: [
        ['wire/name.test.ts', 'a name without pointers > is read: octets that are no text'],
        ['wire/query.test.ts', 'the question of a query > may be octets that are no text'],
        ['scenario/any-octets.test.ts', 'names of any octets go up and come back as they are: %s'],
      ],
    },
    {
      id: '21',
      source: 'RFC 4343 sections 3, 4',
      says: 'Names are compared with A to Z folded and nothing else; what is echoed and kept keeps its case.',
      heldBy: [
        ['wire/name-case.test.ts', 'case folding > touches A to Z and no other octet (RFC 4343 section 3)'],
        ['wire/name-case.test.ts', 'comparing names'],
        ['chain/query.test.ts', 'the key of a query > folds ASCII letters only'],
        ['plugins/cache/cache.test.ts', 'an answer from memory > repeats the case of its own question'],
        [
          'plugins/forward/exchanges.test.ts',
          'what comes back > is compressed, and keeps the case of its names',
        ],
      ],
    },
    {
      id: '58',
      source: 'RFC 8482',
      says: 'ANY is forwarded and answers nothing but ANY; over UDP it is cut like everything else.',
      heldBy: [
        ['scenario/any-octets.test.ts', 'an answer to ANY is kept for ANY, and is cut over UDP'],
        [
          'scenario/judged-messages.test.ts',
          'a message that is no question for a cache > but goes upstream when it asks for every type at once',
        ],
      ],
    },
    {
      id: '69',
      source: 'RFC 8906 section 8',
      says: 'Every query of its tests (types, opcodes, flags, EDNS versions, options, TCP, DO) is answered as it says; none is dropped.',
      heldBy: [
        ['scenario/server-responsiveness.test.ts', 'the queries of RFC 8906 are answered: $what'],
        [
          'scenario/server-responsiveness.test.ts',
          'the queries of RFC 8906 are answered: 8.1.4 an unknown opcode, and a header alone',
        ],
        [
          'scenario/server-responsiveness.test.ts',
          'the queries of RFC 8906 are answered: 8.2.7 what does not fit, with EDNS all the same',
        ],
      ],
    },
    {
      id: '70',
      source: 'RFC 3597 sections 3, 4, 6',
      says: 'Unknown types pass bit by bit, also from memory; only the types of RFC 1035 have compressed names in RDATA, and those of RFC 3597 section 4 are expanded.',
      heldBy: [
        ['wire/rebuild.test.ts', 'a rebuilt message > leaves %s bit by bit (RFC 3597 section 3)'],
        [
          'wire/rebuild.test.ts',
          'a rebuilt message > writes names in %s in full, which were not to be compressed (RFC 3597 section 4)',
        ],
        [
          'wire/registry.test.ts',
          'record types > may be compressed in RDATA only where RFC 1035 defines them (RFC 3597 section 4)',
        ],
        ['wire/registry.test.ts', 'record types > decompress the names that RFC 3597 section 4 lists'],
        ['scenario/any-octets.test.ts', 'RDATA of %s comes back bit by bit, from upstream and from memory'],
      ],
    },
    {
      id: '76',
      source: 'RFC 9619 section 4',
      says: 'A query counts one question: none, or more than one, is a FORMERR.',
      note: 'RFC 7873 section 5.4 lets a query for a cookie have none; there are no cookies here.',
      heldBy: [
        ['wire/screen.test.ts', 'a header > with no question (RFC 9619)'],
        ['wire/screen.test.ts', 'a header > with two questions (RFC 9619)'],
        ['listen/accept.test.ts', 'a message > gets FORMERR without its question: it counts $what'],
      ],
    },
    {
      id: '78',
      source: 'RFC 9460 section 2.2',
      says: 'RDATA of SVCB and HTTPS is passed as it came, its parameters in their order.',
      heldBy: [
        ['wire/rdata.test.ts', 'RDATA > of HTTPS, case %i'],
        [
          'scenario/any-octets.test.ts',
          'RDATA of HTTPS, its parameters in an order of their own comes back bit by bit, from upstream and from memory',
        ],
      ],
    },
  ],
};
