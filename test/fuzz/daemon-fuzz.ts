/**
 * Damaged packets for the real daemon, over UDP and TCP, while its upstream tells it damaged things too. Whatever comes, every message
 * that can be answered is answered, once and within a stub resolver's patience; nothing else is; and the daemon is as well as before. Its
 * pages get damaged HTTP meanwhile.
 */
import { RD, writeId } from '../../src/wire/header.ts';
import { TYPE_OPT } from '../../src/wire/registry.ts';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import type { ReplySpec } from '../support/scripted-reply.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ReceivedQuery, ScriptedAction } from '../support/scripted-upstream.ts';
import { listRecords } from '../wire/list-records.ts';
import { message, question, record } from '../wire/raw-message.ts';
import { PACKETS, QUERIES } from './corpus.ts';
import { TcpDoor, UdpDoor } from './doors.ts';
import type { Door } from './doors.ts';
import { fuzzPorts } from './http-fuzz.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

export interface DaemonReport {
  readonly sent: number;
  readonly answered: number;
  /** Over HTTP, and what came on them. */
  readonly connections: number;
  readonly responses: number;
  /** What went wrong, each in a line with the octets that it takes to see it again. */
  readonly problems: readonly string[];
}

/** In flight at a time for each door: so many small datagrams fit into a socket's default buffer, with those of the other doors. */
const BATCH = 48;
const BATCH_OCTETS = 24_000;
/** More of them would say nothing new. */
const MOST_PROBLEMS = 10;
const NO_OPTIONS = new Uint8Array(0);
const OTHERS = PACKETS.map((packet) => packet.octets);

/** @throws {Error} when the daemon does not start */
export async function fuzzDaemon(seed: number, packets: number, connections: number): Promise<DaemonReport> {
  const upstreamRandom = new Random(seed, 1);
  const upstream = await startScriptedUpstream((query) => hostileReply(query, upstreamRandom));
  const [port, metricsPort, healthPort, readyPort] = await Promise.all(Array.from({ length: 4 }, freePort));
  const pages = `  health 127.0.0.1:${healthPort}\n  ready 127.0.0.1:${readyPort}\n`;
  const daemon = await startDaemon({ corefile: corefile(port, metricsPort, upstream.port, pages) });
  const problems: string[] = [];
  let [sent, answered] = [0, 0];
  const work = async (door: Door, share: number, random: Random): Promise<void> => {
    for (let left = share; left > 0 && problems.length < MOST_PROBLEMS;) {
      const batch = makeBatch(random, Math.min(BATCH, left));
      left -= batch.length;
      sent += batch.length;
      const result = await door.exchange(batch, random);
      answered += result.answered;
      problems.push(...result.problems);
    }
    await door.close();
  };
  const doors = [new UdpDoor(port), new UdpDoor(port), new TcpDoor(port), new TcpDoor(port)];
  const [http] = await Promise.all([
    fuzzPorts(seed, connections, [
      { port: healthPort, path: '/health', isPage },
      { port: readyPort, path: '/ready', isPage },
      { port: metricsPort, path: '/metrics', isPage },
    ]),
    ...doors.map((door, index) => work(door, Math.ceil(packets / doors.length), new Random(seed, 2 + index))),
  ]);
  problems.push(...http.problems);
  problems.push(...(await healthProblems(port, metricsPort)));
  const { code, signal } = await daemon.stop();
  if (code !== 0) problems.push(`the daemon ended with ${signal ?? `exit code ${code}`}`);
  problems.push(...daemon.lines().filter((line) => /\bbug in a handler\b|Error:|\bat file:/.test(line)));
  await upstream.close().catch((error: unknown) => problems.push(`upstream: ${String(error)}`));
  return { sent, answered, connections: http.connections, responses: http.responses, problems };
}

/** A word, or the metrics, whose first and last line are whole. */
const isPage = (_status: number, body: string): boolean =>
  /^[A-Za-z0-9 ,]+\n?$/.test(body) || /^# HELP [^\0]*\n$/.test(body);

const corefile = (
  port: number,
  metricsPort: number,
  upstreamPort: number,
  pages: string,
): string => `.:${port} {
${pages}
  bind 127.0.0.1
  cache 30
  forward . 127.0.0.1:${upstreamPort}
  prometheus 127.0.0.1:${metricsPort}
}
example.org:${port} {
  bind 127.0.0.1
  cache 30
  hosts {
    192.0.2.7 known.example.org
    fallthrough
  }
  template IN A example.org {
    match ^(?P<n>[0-9]+)[.]n[.]example[.]org[.]$
    answer "{{ .Name }} 30 IN A 192.0.2.{{ .Group.n }}"
    fallthrough
  }
  forward . 127.0.0.1:${upstreamPort}
  prometheus 127.0.0.1:${metricsPort}
}
`;

function makeBatch(random: Random, most: number): Uint8Array[] {
  const batch: Uint8Array[] = [];
  let room = BATCH_OCTETS;
  do {
    const packet = makePacket(random);
    room -= packet.length;
    batch.push(packet);
  } while (batch.length < most && room > 0);
  return batch;
}

function makePacket(random: Random): Uint8Array {
  if (random.once(12)) return random.octets(random.below(200));
  if (random.once(3)) return mutate(random, freshQuery(random), OTHERS, 1);
  const source = random.once(6) ? PACKETS : QUERIES;
  return mutate(random, random.pick(source).octets, OTHERS, 3).subarray(0, 8000);
}

/** A question that nobody has asked yet, so that it goes upstream. */
function freshQuery(random: Random): Uint8Array {
  const name = `n${random.uint32()}.${random.pick(['', 'example.org.', 'Svc.Cluster.Local.'])}`;
  const opt = record({
    owner: '.',
    type: TYPE_OPT,
    class: 1232,
    ttl: random.pick([0, 0x8000]),
    rdata: NO_OPTIONS,
  });
  return message({
    flags: RD,
    question: question(name, random.pick([1, 28, 16, 65, 65_280])),
    additional: random.once(2) ? [opt] : [],
  });
}

const SPECS: readonly ReplySpec[] = [
  { answers: ['@ 30 IN A 192.0.2.1'] },
  {
    answers: ['@ 30 IN A 192.0.2.1', '@ 30 IN A 192.0.2.2'],
    authority: ['example.org. 60 IN NS ns.example.org.'],
  },
  { answers: Array.from({ length: 100 }, (_, index) => `@ 5 IN A 192.0.2.${index}`) },
  { answers: ['@ 30 IN CNAME b.example.net.', 'b.example.net. 30 IN TXT text'] },
  { rcode: 'NXDOMAIN', authority: ['org. 60 IN SOA ns.org. host.org. 1 2 3 4 5'] },
  { rcode: 'SERVFAIL' },
  { rcode: 'REFUSED' },
  {},
];

/** An honest reply; one time in five behind something damaged that carries the right id. */
function hostileReply(query: ReceivedQuery, random: Random): ScriptedAction {
  const honest: ScriptedAction = { kind: 'send', octets: () => replyMessage(query, random.pick(SPECS)) };
  if (!random.once(5)) return honest;
  const damaged: ScriptedAction = {
    kind: 'send',
    octets: () => {
      const reply = mutate(random, replyMessage(query, random.pick(SPECS)), OTHERS, 3).slice(0, 8000);
      if (reply.length >= 2 && !random.once(10)) writeId(reply, query.id);
      return reply;
    },
  };
  return { kind: 'several', actions: [damaged, honest] };
}

/** What is wrong with a daemon that should be as well as ever. */
async function healthProblems(port: number, metricsPort: number): Promise<string[]> {
  const problems: string[] = [];
  const known: readonly (readonly [string, string])[] = [
    ['known.example.org.', 'answer known.example.org. IN A c0000207'],
    ['9.n.example.org.', 'answer 9.n.example.org. IN A c0000209'],
  ];
  for (const door of [new UdpDoor(port), new TcpDoor(port)]) {
    for (const [name, wanted] of known) {
      const reply = await door.ask(message({ flags: RD, question: question(name) }));
      const found = reply === undefined ? 'silence' : listRecords(reply).join();
      // Kept answers have counted down.
      if (found.replace(/ \d+ IN /, ' IN ') !== wanted)
        problems.push(`afterwards ${name} had ${found}, not ${wanted}`);
    }
    await door.close();
  }
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const panics = /^coredns_panics_total (\d+)$/m.exec(metrics)?.[1];
  if (panics !== '0') problems.push(`coredns_panics_total is ${panics ?? 'missing'}, not 0`);
  return problems;
}
