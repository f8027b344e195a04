/** TCP on both sides: RFC 7766 and 9210. */
import type { Topic } from '../statement.ts';

export const TRANSPORT: Topic = {
  title: 'TCP',
  rows: [
    {
      id: '39',
      source: 'RFC 7766 section 5; RFC 9210 section 3',
      says: 'TCP is served without a UDP query before it.',
      heldBy: [['listen/tcp.test.ts', 'TCP > answers on %s, and tells the handler who asked where']],
    },
    {
      id: '40',
      source: 'RFC 7766 section 6.2.1.1',
      says: 'Queries of one connection are served at the same time and answered as answers are ready, each with its own id and question.',
      heldBy: [
        ['listen/tcp.test.ts', 'TCP > answers pipelined queries as answers are ready'],
        [
          'scenario/tcp-pipelining.test.ts',
          'answers as answers are ready, not in the order of the questions',
        ],
      ],
    },
    {
      id: '41',
      source: 'RFC 7766 section 8',
      says: 'Length and message leave in one write; what comes may be split anywhere.',
      heldBy: [
        ['listen/tcp.test.ts', 'TCP > sends length and message in one write'],
        ['listen/tcp.test.ts', 'TCP > takes a query octet by octet'],
        ['upstream/tcp-connection.test.ts', 'a connection > sends length and message in one piece'],
        ['upstream/tcp-connection.test.ts', 'a connection > puts a reply together from single octets'],
        ['wire/frames.test.ts', 'FrameReader > finds the messages of a stream however it is split'],
      ],
    },
    {
      id: '42',
      source: 'RFC 7766 sections 6.2.2, 6.2.3; RFC 9210 section 4',
      says: 'A connection that is idle for 10 s is closed, there are bounds on connections and on queries of one, and none of it touches UDP.',
      heldBy: [
        [
          'listen/tcp-connection.test.ts',
          'the clocks of a connection > close it when it has been idle for long',
        ],
        ['listen/tcp-connection.test.ts', 'the clocks of a connection > close it when no message comes'],
        [
          'listen/tcp-connection.test.ts',
          'no more than ${MAX_IN_FLIGHT} queries of a connection are under way',
        ],
        ['listen/tcp.test.ts', 'no more than ${MAX_CONNECTIONS} connections are kept'],
        ['listen/client-connections.test.ts', 'one connection too many'],
        [
          'listen/tcp-fairness.test.ts',
          'a client that has all connections > loses those that it uses least to others, who are answered',
        ],
        ['listen/tcp.test.ts', 'TCP > serves one that asks little while others ask very much'],
        ['scenario/timeouts.test.ts', 'a connection without queries ends with `idle`'],
        ['scenario/tcp-full.test.ts', 'takes nothing from UDP, nor from a connection that is open'],
      ],
    },
    {
      id: '43',
      source: 'RFC 7766 section 6.2.3; CVE-2024-0760',
      says: 'A client that closes its side gets its answers; one that does not read is read from no more, and closed after a while.',
      heldBy: [
        [
          'listen/tcp-connection.test.ts',
          'a client that closes its side > gets the answers to what it asked before',
        ],
        ['listen/tcp-connection.test.ts', 'a client that does not read > is closed after a while'],
        [
          'listen/tcp-connection.test.ts',
          'a client that does not read > is read from no more while much waits for it, and served on when it reads',
        ],
        [
          'listen/tcp-fairness.test.ts',
          'connections that hold memory > are closed when all together hold too much: those of who never reads, and not of who does',
        ],
        ['scenario/tcp-pipelining.test.ts', 'answers a client that has closed its side, then closes its own'],
      ],
    },
    {
      id: '44',
      source: 'RFC 7766 sections 6.2.1, 6.2.4',
      says: 'Upstream connections are kept and shared, replies matched by id and question; what a connection that ends leaves open is asked once more on a new one.',
      heldBy: [
        ['upstream/tcp-pool.test.ts', 'a kept connection > carries question after question'],
        ['upstream/tcp-connection.test.ts', 'a connection > tells answers apart by id, not by order'],
        [
          'upstream/tcp-pool-retry.test.ts',
          'when a connection ends with questions on it > by being %s, they are asked once more on another',
        ],
        [
          'upstream/tcp-pool-retry.test.ts',
          'when a connection ends with questions on it > and the second one ends too, they fail',
        ],
      ],
    },
    {
      id: '45',
      source: 'RFC 7766 section 5; RFC 5966 section 4',
      says: 'A truncated reply over UDP is asked for again over TCP; where that fails, a client of UDP gets the truncated one.',
      heldBy: [
        ['upstream/upstream.test.ts', 'a truncated reply over UDP > is replaced by the answer over TCP'],
        [
          'upstream/upstream.test.ts',
          'a truncated reply over UDP > is the result when the port is closed for TCP',
        ],
        [
          'upstream/upstream.test.ts',
          'a truncated reply over UDP > is the result when TCP does not answer in time',
        ],
        [
          'chain/fit-transport.test.ts',
          'fitTransport > gives a truncated answer to a client of UDP, who can come back over TCP',
        ],
      ],
    },
  ],
};
