/**
 * The resolver behind all servers: knows every name of `bench-zone.ts` and answers at once, over UDP and TCP, through the daemon's own
 * listeners. Usage: `node upstream.ts PORT`, on 127.0.0.1, as a child with an IPC channel: a message on it when it serves, and for every
 * message that it gets, the number of queries so far.
 */
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { Reply, SILENCE } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import { listenCounters } from '../../src/listen/counters.ts';
import type { ListenCounters } from '../../src/listen/counters.ts';
import type { Endpoint } from '../../src/listen/listener.ts';
import { listenTcp } from '../../src/listen/tcp.ts';
import { chooseUdp } from '../../src/listen/udp.ts';
import { createLog } from '../../src/observe/log.ts';
import { openLogOutput } from '../../src/observe/log-output.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { LogRing } from '../../src/observe/ring.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { QR, RA, SECTION_ANSWER, SECTION_AUTHORITY } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { TYPE_SOA } from '../../src/wire/registry.ts';
import { SILENT_ZONE, TTL_SECONDS, truthOf } from './bench-zone.ts';

const STDERR = 2;
const UDP_PAYLOAD = 1232;

let queries = 0;

const endpoint: Endpoint = {
  server: { index: 0, label: 'upstream' },
  udpPayload: UDP_PAYLOAD,
  handler: {
    name: 'bench-zone',
    ask(query) {
      queries++;
      if (query.nameText.endsWith(SILENT_ZONE)) return SILENCE;
      return new Reply(answer(query), 'bench-zone');
    },
  },
};

const port = Number(process.argv[2]);
const log = createLog({ format: 'text', ring: new LogRing(openLogOutput(STDERR)), debug: false });
const counters: ListenCounters = {
  ...listenCounters(new MetricRegistry(), log),
  bug(error) {
    throw error;
  },
};
const options = { address: '127.0.0.1', port, clock: SYSTEM_CLOCK, counters };
const listenUdp = await chooseUdp('auto', counters, log);
await Promise.all([listenUdp(options, endpoint), listenTcp(options, endpoint)]);
process.on('message', () => void process.send?.(queries));
process.send?.(queries);

function answer(query: Query): Uint8Array {
  const { rcode, addresses, zone } = truthOf(query.nameText, query.type);
  const { class: klass, type } = query;
  const name = query.foldedName.slice(0, query.nameLength);
  const builder = new MessageBuilder(QR | RA | rcode).question(name, type, klass);
  for (const address of addresses) builder.record(SECTION_ANSWER, name, type, klass, TTL_SECONDS, address);
  if (addresses.length === 0) {
    builder.record(SECTION_AUTHORITY, nameFromText(zone), TYPE_SOA, klass, TTL_SECONDS, soa());
  }
  return builder.finish();
}

/** Root as server and mailbox, and TTL_SECONDS as the time for which denials hold (RFC 2308 section 4). */
function soa(): Uint8Array {
  const rdata = new Uint8Array(2 + 5 * 4);
  const numbers = new DataView(rdata.buffer, 2);
  [1, 7200, 1800, 86_400, TTL_SECONDS].forEach((number, index) => numbers.setUint32(index * 4, number));
  return rdata;
}
