/**
 * One question to an upstream to see whether it is there: `DOMAIN NS IN` over a socket or connection of its own, since a kept one may be
 * what is broken. Any response with the right id will do, whatever its rcode.
 */
import type { Deadlines } from '../base/deadlines.ts';
import { askMessage } from '../wire/ask-message.ts';
import { CLASS_IN, TYPE_NS } from '../wire/registry.ts';
import { PendingQuery } from './pending-query.ts';
import type { Asker } from './pending-query.ts';
import { PromisedReply } from './promised-reply.ts';
import type { UpstreamSettings } from './settings.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { StreamTarget } from './tcp-connection.ts';
import { UdpSocket } from './udp-socket.ts';
import type { UdpTarget } from './udp-socket.ts';

const PROBE_TIMEOUT_MS = 1_000;

/** Where to probe: by datagram, or by stream. */
export type ProbeTarget = { readonly udp: UdpTarget } | { readonly stream: StreamTarget };

export class HealthProbe {
  private readonly target: ProbeTarget;
  private readonly settings: UpstreamSettings;
  private readonly deadlines: Deadlines;
  private abort: (() => void) | undefined;

  constructor(target: ProbeTarget, settings: UpstreamSettings, deadlines: Deadlines) {
    this.target = target;
    this.settings = settings;
    this.deadlines = deadlines;
  }

  /** Whether the upstream answers, within a second. Does not reject; one at a time. */
  async run(): Promise<boolean> {
    const reply = new PromisedReply();
    const query = this.makeQuery(reply);
    this.abort =
      'udp' in this.target ? sendByUdp(query, this.target.udp) : sendByStream(query, this.target.stream);
    try {
      await reply.promise;
      return true;
    } catch {
      return false;
    } finally {
      this.close();
    }
  }

  /** Gives up on a running probe, which then says that there was no answer. */
  close(): void {
    this.abort?.();
    this.abort = undefined;
  }

  private makeQuery(asker: Asker): PendingQuery {
    const question = { name: this.settings.healthCheckDomain, type: TYPE_NS, class: CLASS_IN };
    const message = askMessage(question, {
      recursionDesired: this.settings.healthCheckRecursion,
      checkingDisabled: false,
      dnssecOk: false,
      edns: false,
    });
    const { deadlines } = this;
    const deadlineMs = deadlines.clock.nowMs() + PROBE_TIMEOUT_MS;
    return new PendingQuery(message, question.name.length, deadlineMs, deadlines, true, asker);
  }
}

const nothing = (): void => undefined;

/** @returns how to give up. */
function sendByUdp(query: PendingQuery, target: UdpTarget): () => void {
  const owner = {
    mismatched: nothing,
    heard: nothing,
    retired: nothing,
    closed: nothing,
    silent: nothing,
    adopt: () => false,
    renew: () => false,
  };
  const socket = new UdpSocket(target, owner);
  socket.ask(query);
  return () => socket.close();
}

function sendByStream(query: PendingQuery, target: StreamTarget): () => void {
  const connection = new TcpConnection(target, {
    opened: (opened) => opened.ask(query),
    changed: nothing,
    silent: nothing,
    slow: nothing,
    mismatched: nothing,
    ended: (_connection, error) => query.reject(error),
  });
  return () => connection.close();
}
