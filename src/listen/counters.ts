/** What listeners count beside the metrics of CoreDNS: packets that no handler ever sees, and faults of our own. */
import { Descriptors, descriptorLimit } from '../observe/descriptors.ts';
import type { Log } from '../observe/log-types.ts';
import type { Counter, Gauge, Metrics } from '../observe/metric-types.ts';
import { PassingTrouble } from '../observe/passing-trouble.ts';

export interface ListenCounters {
  /** Packets left without an answer: too short, responses, from port 0. */
  readonly dropped: Counter;
  /** Packets answered FORMERR, NOTIMP or BADVERS before the chain. */
  readonly refused: Counter;
  readonly socketErrors: Counter;
  readonly tcpConnections: Gauge;
  /** TCP connections closed at once because a limit was reached. */
  readonly tcpRejected: Counter;
  /** TCP connections closed since their client had more of them than others, or they held more memory. */
  readonly tcpPushedOut: Counter;
  /** Times that a client was kept from connecting for a while, since its connections came too fast. */
  readonly tcpKeptOut: Counter;
  readonly descriptors: Descriptors;
  /** Takes note of answers that the system did not send. @param code of its error, such as ENOBUFS */
  sendFailed(datagrams: number, code: string): void;
  /** Takes note of an exception that must not have been: counted, and logged with its stack. */
  bug(error: unknown): void;
}

/** A pod may go while its answer is on the way, and then its address cannot be reached: that is not trouble of ours. */
const CLIENT_GONE: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ECONNREFUSED', 'EINVAL']);
/** Trouble that was not met for this long, up to twice that, is over. */
const QUIET_MS = 5_000;

export function listenCounters(metrics: Metrics, log: Log): ListenCounters {
  const packets = metrics.counter(
    'nodelocaldns_packets_not_served_total',
    'Packets that reached no handler, by what became of them.',
    ['fate'],
  );
  const errors = metrics.counter('nodelocaldns_socket_errors_total', 'Errors of listening sockets.', [
    'operation',
  ]);
  const panics = metrics
    .counter('coredns_panics_total', 'Bugs that were caught while a query was handled; each cost one query.')
    .with();
  const sendErrors = errors.with('send');
  const troubles = metrics.gauge(
    'nodelocaldns_trouble',
    'What this process lacks just now, by kind: 1 for yes.',
    ['kind'],
  );
  const trouble = (kind: string, over: string): PassingTrouble =>
    new PassingTrouble({ log, gauge: troubles.with(kind), over, quietMs: QUIET_MS });
  const sending = trouble('sending', 'answers leave again');
  return {
    dropped: packets.with('dropped'),
    refused: packets.with('refused'),
    socketErrors: errors.with('socket'),
    tcpConnections: metrics.gauge('nodelocaldns_tcp_connections', 'Open TCP connections of clients.').with(),
    tcpRejected: metrics
      .counter('nodelocaldns_tcp_connections_rejected_total', 'TCP connections refused at a limit.')
      .with(),
    tcpPushedOut: metrics
      .counter(
        'nodelocaldns_tcp_connections_pushed_out_total',
        'TCP connections closed at a limit, since their client took more than others.',
      )
      .with(),
    tcpKeptOut: metrics
      .counter(
        'nodelocaldns_tcp_clients_kept_out_total',
        'Times that a client was kept from opening TCP connections for a while, since it opened too many.',
      )
      .with(),
    descriptors: new Descriptors(
      descriptorLimit(),
      trouble('descriptors', 'there are file descriptors again'),
    ),
    sendFailed(datagrams, code) {
      sendErrors.value += datagrams;
      if (!CLIENT_GONE.has(code)) sending.note(`answers cannot be sent: ${code}`);
    },
    bug(error) {
      panics.value++;
      log.error(`bug in a listener: ${error instanceof Error ? error.stack : String(error)}`);
    },
  };
}
