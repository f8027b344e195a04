/** Whose replies count: RFC 5452 and 2181, and the draft about waiting for a valid response. */
import type { Topic } from '../statement.ts';

export const FORGERY: Topic = {
  title: 'Which replies count',
  rows: [
    {
      id: '11',
      source: 'RFC 2181 sections 4.1, 4.2',
      says: 'A client gets its reply from the address and port that it asked.',
      heldBy: [['scenario/all-addresses.test.ts', 'answers on every address, from that address']],
    },
    {
      id: '22',
      source: 'RFC 5452 section 9.1',
      says: 'A reply counts only with the address and port that were asked, our port, the id, and the name, type and class of the question.',
      heldBy: [
        ['upstream/reply-check.test.ts', 'a reply does not count'],
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > with %s does not end the wait'],
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > from another port is not even seen'],
        ['scenario/lying-upstream.test.ts', 'does not hear what comes from another port or another address'],
        [
          'wire/same-question.test.ts',
          'a message answers a question > not when its own is another class (RFC 5452 section 9.1)',
        ],
      ],
    },
    {
      id: '23',
      source: 'RFC 5452 section 9.2',
      says: 'Ids are drawn from all 16 bits by the cryptographic generator, and ports by the kernel, many at once; no id is used twice on a port.',
      heldBy: [
        ['upstream/random-id.test.ts', 'RandomIds > spreads ids evenly over all 16 bits'],
        ['upstream/random-id.test.ts', 'RandomIds > gives no hint of the next id in this one'],
        ['upstream/random-id.test.ts', 'RandomIds > gives two upstreams different ids'],
        [
          'upstream/udp-pool.test.ts',
          'questions over UDP > leave from ports and with ids that change all the time',
        ],
        [
          'upstream/udp-draw.test.ts',
          'the socket that a query leaves by > is a new one as long as there are fewer than 64',
        ],
        ['upstream/udp-draw.test.ts', 'the socket that a query leaves by > is drawn anew in each turn'],
        ['upstream/udp-socket.test.ts', 'UdpSocket > uses no id twice, and retires after 512 queries'],
      ],
    },
    {
      id: '24',
      source: 'RFC 5452 sections 4.3, 5',
      says: 'One question is under way once, however many ask it and whatever options, case, id, RD or size they choose.',
      heldBy: [
        ['chain/query.test.ts', 'the key of a query > is the same whatever $what'],
        [
          'plugins/forward/concurrent.test.ts',
          'many who ask the same at the same time > cause one exchange, whatever their case, transport and flags',
        ],
        [
          'scenario/forgery.test.ts',
          'many who ask the same at the same time > are one question upstream, so that a guess is one guess',
        ],
        ['scenario/one-exchange.test.ts', 'asks once for 10,000 that wait at the same time %s'],
      ],
    },
    {
      id: '25',
      source: 'draft-li-dnsop-response-preprocessing-00',
      says: 'A reply that does not match, or is malformed, does not end the wait; after three the question goes over TCP.',
      heldBy: [
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > with %s does not end the wait'],
        [
          'upstream/udp-pool.test.ts',
          'a forged datagram over UDP > with %s, three times, moves the question to TCP',
        ],
        ['upstream/tcp-connection.test.ts', 'a question over TCP > waits past messages that answer nothing'],
        ['scenario/lying-upstream.test.ts', 'over UDP > ignores a forgery and waits for the answer'],
        ['scenario/lying-upstream.test.ts', 'turns to TCP when too much does not fit'],
      ],
    },
    {
      id: '38',
      source: 'RFC 5625 section 6.1',
      says: 'Ids and ports upstream are our own draw, however predictable the client’s were.',
      heldBy: [
        ['plugins/forward/exchanges.test.ts', 'what an upstream sees > has an id of its own'],
        ['upstream/random-id.test.ts', 'RandomIds > does not repeat a block of ids'],
      ],
    },
  ],
};
