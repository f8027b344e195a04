/** Classes of attack that other resolvers and proxies have met, each with what holds it off here. */
import type { Topic } from '../statement.ts';

export const ATTACKS: Topic = {
  title: 'Classes of attack',
  rows: [
    {
      id: 'C1',
      source: 'CVE-2020-25684, CVE-2020-25685, CVE-2020-25686 (Kaminsky, DNSpooq)',
      says: 'An off-path forger has to hit port, id and question of the one exchange there is; the cluster DNS is asked over TCP.',
      heldBy: [
        [
          'scenario/forgery.test.ts',
          'a question that is asked again from another port since the first one is silent > takes no answer with the id that it has at the other port',
        ],
        [
          'upstream/reply-check.test.ts',
          'a reply does not count > with any one octet of the question changed',
        ],
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > from another port is not even seen'],
        [
          'scenario/forgery.test.ts',
          'many who ask the same at the same time > get the truth over TCP when somebody guesses at ids',
        ],
        [
          'scenario/forgery.test.ts',
          'many who ask the same at the same time > are no more exposed by asking many different names',
        ],
      ],
    },
    {
      id: 'C2',
      source: 'CVE-2025-40780, CVE-2019-19794',
      says: 'What has to be unpredictable comes from a generator that is.',
      heldBy: [
        ['upstream/random-source.test.ts', 'ids do not come from Math.random'],
        ['upstream/random-id.test.ts', 'RandomIds > gives no hint of the next id in this one'],
        [
          'plugins/cache/key-hash.test.ts',
          'a hash > is another one in every process: nobody can prepare names for it',
        ],
      ],
    },
    {
      id: 'C3',
      source: 'CVE-2020-25705 (SAD DNS), CVE-2026-50252',
      says: 'Sockets are connected, so that a stranger’s datagram tells nothing, and their ports are the kernel’s choice.',
      heldBy: [
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > from another port is not even seen'],
        [
          'upstream/udp-pool.test.ts',
          'questions over UDP > leave from ports and with ids that change all the time',
        ],
      ],
    },
    {
      id: 'C4',
      source: 'CVE-2025-5994 (RebirthDay)',
      says: 'A client subnet splits no exchange, and goes no further.',
      heldBy: [
        ['chain/query.test.ts', 'the key of a query > is the same whatever a client subnet'],
        [
          'plugins/forward/exchanges.test.ts',
          'what an upstream sees > is the same message, whatever the client sent: a client subnet',
        ],
      ],
    },
    {
      id: 'C5',
      source: 'CVE-2021-25220, CVE-2022-32983 (MaginotDNS), CVE-2025-40778, CVE-2025-11411',
      says: 'Records that nobody asked for, in whatever section, are an answer to nobody.',
      heldBy: [
        [
          'scenario/forgery.test.ts',
          'a reply that is right > says nothing about other names, whatever records it brings',
        ],
        ['wire/classify.test.ts', 'NOERROR > must not be kept with the record at another name only'],
      ],
    },
    {
      id: 'C6',
      source: 'CVE-2023-28450, CVE-2023-28451, CVE-2023-28452 (TuDoor)',
      says: 'Malformed replies neither end an exchange nor make it fail.',
      heldBy: [
        ['upstream/udp-pool.test.ts', 'a forged datagram over UDP > with %s does not end the wait'],
        ['scenario/forgery.test.ts', 'replies that nobody asked for change nothing, from wherever they come'],
      ],
    },
    {
      id: 'C7',
      source: 'CVE-2022-30698, CVE-2022-30699, CVE-2026-40622, CVE-2026-42955 (ghost domains)',
      says: 'Nothing but its own answer makes an entry live longer: neither use, nor other answers, nor a prefetch that fails.',
      heldBy: [
        ['plugins/cache/denials.test.ts', 'an answer that is asked for all the time lives no longer for it'],
        [
          'scenario/forgery.test.ts',
          'a reply that is right > says nothing about other names, whatever records it brings',
        ],
        [
          'plugins/cache/prefetch.test.ts',
          'an answer that is about to expire > stays where the next one is nothing, and is not asked for again in the same second',
        ],
      ],
    },
    {
      id: 'C8',
      source: 'CVE-2024-33655 (DNSBomb)',
      says: 'Queries cannot be saved up to come back as one burst: a client has so many exchanges at most, who waits in line for a second is told so, and no exchange lasts over 4.5 s.',
      note: 'Answers go to addresses that asked, each once: a pulse is as many replies as queries.',
      heldBy: [
        ['chain/exchange-gate.test.ts', 'exchanges of one client > are so many at most while it is alone'],
        [
          'chain/exchange-gate.test.ts',
          'patience > ends: who has waited for a second is sent away and takes no exchange',
        ],
        [
          'plugins/forward/tried-upstreams.test.ts',
          'when an upstream does not answer > the client hears of it before it gives up, after 5 s',
        ],
        ['upstream/udp-pool.test.ts', 'questions over UDP > are turned down when too many are on the way'],
      ],
    },
    {
      id: 'C9',
      source: 'CVE-2020-8616, CVE-2020-12662 (NXNSAttack, random subdomains)',
      says: 'Random names turn out nothing that is in use, denials take no place of answers, and hits do not wait for misses.',
      heldBy: [
        [
          'plugins/cache/use-order.test.ts',
          'the established part > outlives a flood of entries that are used once',
        ],
        [
          'plugins/cache/cache-memory-room.test.ts',
          'when there is no room > answers that were asked for again stay while a flood of others passes through',
        ],
        ['plugins/cache/failures.test.ts', 'failures without end take no answer away'],
        [
          'scenario/flood-of-misses.test.ts',
          'costs those who are in it, and nobody who asks for what is known',
        ],
      ],
    },
    {
      id: 'C10',
      source: 'CVE-2023-2828; PowerDNS advisory 2025-07',
      says: 'The cache keeps to its bound in octets, whatever is put into it.',
      heldBy: [
        [
          'plugins/cache/cache-memory-property.test.ts',
          'never takes more octets than it may, and takes room from whoever has too much',
        ],
        [
          'plugins/cache/cache-memory-room.test.ts',
          'takes from the system no more blocks and records than fit at once, however many answers come and go',
        ],
        ['scenario/cache-memory.test.ts', 'keeps to its memory while far more names are asked than fit'],
      ],
    },
    {
      id: 'C11',
      source: 'CVE-2024-8508, CVE-2026-44390, CVE-2023-4408, CVE-2026-52682',
      says: 'Pointers that are followed have a bound, and laying out a message takes time that grows with what fits.',
      heldBy: [
        [
          'wire/linear-work.test.ts',
          'one name > is followed over so many pointers and no more, however many there are',
        ],
        ['wire/linear-work.test.ts', '%s > costs the same for each octet of $shape'],
        ['wire/name.test.ts', 'a name with pointers > may take %s in a row'],
        [
          'wire/builder.test.ts',
          'a message that would be too long > costs no more than what fits, however many records are offered',
        ],
      ],
    },
    {
      id: 'C12',
      source: 'CVE-2024-1737, CVE-2024-11187, CVE-2019-19331',
      says: 'Many records at a name, or a huge additional section, cost memory within the bound and no more.',
      note: 'An answer may have 64 KiB: it takes its place out of its own store’s share.',
      heldBy: [
        [
          'plugins/cache/cache-memory.test.ts',
          'an answer > of 65,535 octets with as many TTLs as these have room for comes back whole',
        ],
        [
          'plugins/cache/cache-memory-room.test.ts',
          'when there is no room > for octets, as many leave as it takes, and no more',
        ],
        [
          'plugins/cache/cache-memory-room.test.ts',
          'the store that is furthest above its share > pays for its own answers, however many it floods the memory with',
        ],
        ['scenario/truncated-upstream.test.ts', 'survives answers of any size'],
      ],
    },
    {
      id: 'C13',
      source: 'CVE-2026-41292, CVE-2026-42944, CVE-2026-42004',
      says: 'One reader reads the OPT for policy, key and forwarding: what it does not read goes nowhere.',
      heldBy: [
        [
          'wire/query.test.ts',
          'the OPT of a query > makes a FORMERR when an option runs over its end (section 6.1.1)',
        ],
        [
          'plugins/forward/exchanges.test.ts',
          'what an upstream sees > is the same message, whatever the client sent: $what',
        ],
        [
          'wire/linear-work.test.ts',
          'a query > is looked at four octets for each option, whatever is in them',
        ],
      ],
    },
    {
      id: 'C14',
      source: 'CVE-2025-30193',
      says: 'Any number of queries on a connection, in one write or many, are served in turns and on a flat stack.',
      heldBy: [
        ['listen/tcp.test.ts', 'TCP > answers each of very many in one write'],
        ['listen/tcp.test.ts', 'TCP > serves one that asks little while others ask very much'],
        [
          'listen/tcp-limits.test.ts',
          'a connection that may bring three queries > gets three answers and the end, though it sent more',
        ],
      ],
    },
    {
      id: 'C15',
      source: 'CVE-2024-0760',
      says: 'A client that asks and never reads costs a bounded buffer.',
      heldBy: [
        [
          'listen/tcp-connection.test.ts',
          'a client that does not read > is read from no more while much waits for it, and served on when it reads',
        ],
        ['listen/tcp-connection.test.ts', 'a client that does not read > is closed after a while'],
      ],
    },
    {
      id: 'C16',
      source: 'CVE-2026-32934 (slowloris)',
      says: 'A message has one deadline, that octets or answers in between do not move.',
      heldBy: [
        [
          'listen/tcp-connection.test.ts',
          'the clocks of a connection > close it when a message is not complete in time, however its octets come',
        ],
        [
          'listen/tcp-connection.test.ts',
          'the clocks of a connection > do not give a message more time because an answer leaves meanwhile',
        ],
      ],
    },
    {
      id: 'C17',
      source: 'CVE-2026-40209',
      says: 'A query that an upstream never answers frees its place on the connection at its deadline.',
      heldBy: [
        [
          'upstream/tcp-connection.test.ts',
          'a question over TCP > that is not answered in time fails, and its connection takes no more',
        ],
        [
          'upstream/tcp-connection.test.ts',
          'a question over TCP > that is not answered in time leaves the other one on its connection alone',
        ],
        ['upstream/upstream-close.test.ts', 'closing an upstream > leaves no socket and no timer'],
      ],
    },
    {
      id: 'C18',
      source: 'CVE-2026-33596, CVE-2026-33602',
      says: 'Ids of queries under way are never shared, at the ends of 16 bits as elsewhere.',
      heldBy: [
        ['upstream/random-id.test.ts', 'RandomIds > passes over ids that are taken'],
        [
          'upstream/random-source.test.ts',
          'every id is found when it is the only one left, the first and the last too: %i',
        ],
        ['upstream/udp-socket.test.ts', 'UdpSocket > uses no id twice, and retires after 512 queries'],
      ],
    },
    {
      id: 'C19',
      source: 'CVE-2026-42534',
      says: 'That one client’s flood leaves the others their share is shown by a flood.',
      heldBy: [
        ['chain/exchange-gate.test.ts', 'clients in the line > take turns, however many places each has'],
        [
          'chain/exchange-gate.test.ts',
          'clients in the line > share a full line evenly when each would have all of it',
        ],
        [
          'chain/exchange-gate.test.ts',
          'exchanges of one client > are fewer while others ask too, who may begin at once',
        ],
        [
          'listen/tcp-fairness.test.ts',
          'a client that has all connections > loses those that it uses least to others, who are answered',
        ],
        [
          'scenario/flood-of-misses.test.ts',
          'costs those who are in it, and nobody who asks for what is known',
        ],
        ['listen/tcp.test.ts', 'TCP > serves one that asks little while others ask very much'],
      ],
    },
    {
      id: 'C20',
      source: 'CVE-2026-40011; CoreDNS #7998',
      says: 'No name that a client chooses is a label of a metric, and no label breaks the page.',
      heldBy: [
        [
          'observe/metrics.test.ts',
          'a family > sums up in one series what comes after the most series it may have',
        ],
        ['observe/exposition.test.ts', 'a scrape > keeps a label value that holds %s'],
        ['scenario/hostile-labels.test.ts', 'names and types that clients choose make no series'],
      ],
    },
    {
      id: 'C21',
      source: 'CVE-2026-33257, CVE-2026-33260, CVE-2026-42005',
      says: 'The pages take few methods and paths, short headers, few connections and little time.',
      heldBy: [
        ['observe/http.test.ts', 'a request > by %s gets 405'],
        ['observe/http.test.ts', 'a request > for the path %s gets 404'],
        ['observe/http.test.ts', 'a client that asks too much'],
        ['scenario/slow-page-clients.test.ts', 'ends the connections of slow clients, and answers others'],
      ],
    },
    {
      id: 'C22',
      source: 'CVE-2026-5946',
      says: 'A class that is not IN is refused, or is a question of its own; no class breaks anything.',
      heldBy: [
        [
          'serve/root-handler.test.ts',
          'a query > of class $klass is served by a block that forwards ($forwards): $served',
        ],
        ['plugins/cache/cache.test.ts', 'a question > has an answer of its own for another class'],
      ],
    },
    {
      id: 'C23',
      source: 'CVE-2026-5950',
      says: 'No reply makes us ask for ever: three times over each transport.',
      heldBy: [
        ['scenario/tries.test.ts', 'an upstream that %s is asked three times at most'],
        [
          'upstream/upstream.test.ts',
          'a truncated reply over UDP > is followed by one try over TCP, though that is truncated too',
        ],
      ],
    },
    {
      id: 'C24',
      source: 'CVE-2026-46582, CVE-2026-55717',
      says: 'Stale answers break nothing, and a bug behind them costs nobody an answer.',
      heldBy: [
        [
          'plugins/cache/serve-stale.test.ts',
          'a stale answer after the upstream had its time > is given when a handler has a bug',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'a stale answer after the upstream had its time > has octets of its own',
        ],
        [
          'plugins/cache/serve-stale.test.ts',
          'an answer that has expired > leaves no trace on the next fresh one',
        ],
      ],
    },
  ],
};
