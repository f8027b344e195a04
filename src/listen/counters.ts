/** What listeners count beside the metrics of CoreDNS: packets that no handler ever sees, and faults of our own. */
import type { Log } from '../observe/log-types.ts';
import type { Counter, Gauge, Metrics } from '../observe/metric-types.ts';

export interface ListenCounters {
  /** Packets left without an answer: too short, responses, from port 0. */
  readonly dropped: Counter;
  /** Packets answered FORMERR, NOTIMP or BADVERS before the chain. */
  readonly refused: Counter;
  readonly sendErrors: Counter;
  readonly socketErrors: Counter;
  readonly tcpConnections: Gauge;
  /** TCP connections closed at once because a limit was reached. */
  readonly tcpRejected: Counter;
  /** Takes note of an exception that must not have been: counted, and logged with its stack. */
  bug(error: unknown): void;
}

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
  return {
    dropped: packets.with('dropped'),
    refused: packets.with('refused'),
    sendErrors: errors.with('send'),
    socketErrors: errors.with('socket'),
    tcpConnections: metrics.gauge('nodelocaldns_tcp_connections', 'Open TCP connections of clients.').with(),
    tcpRejected: metrics
      .counter('nodelocaldns_tcp_connections_rejected_total', 'TCP connections refused at a limit.')
      .with(),
    bug(error) {
      panics.value++;
      log.error(`bug in a listener: ${error instanceof Error ? error.stack : String(error)}`);
    },
  };
}
