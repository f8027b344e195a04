/**
 * Finds upstreams that send our own queries back to us. Each upstream is asked for a name that nobody can guess and that no two upstreams
 * share; when that very question arrives here, the upstream it was given to is asked no more. It is tried again every half minute, since
 * resolv.conf files and routes get mended. Unlike CoreDNS this never ends the process: a name seen on the network must not be able to.
 */
import { randomBytes } from 'node:crypto';
import type { Handler } from '../../chain/handler.ts';
import { Reply } from '../../chain/outcome.ts';
import type { Pending } from '../../chain/outcome.ts';
import type { OfferedUpstream, SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { nameFromText } from '../../wire/name.ts';
import { CLASS_IN, NXDOMAIN, TYPE_HINFO } from '../../wire/registry.ts';

/** After the sockets are open, so that a probe that loops finds us. */
const FIRST_PROBE_MS = 50;
/** Between probes that got no answer: the upstream may not be up yet. */
const RETRY_MS = 1_000;
/** How long an upstream without any answer is probed. CoreDNS: 30 s. */
const GIVE_UP_MS = 30_000;
/** Between probes of an upstream that was found to loop. */
const RECHECK_MS = 30_000;
/** 96 bits in two labels of hex. */
const LABEL_OCTETS = 6;

export class LoopHandler implements Handler {
  readonly name = 'loop';
  private readonly next: Handler;
  private readonly guard: LoopGuard;

  constructor(next: Handler, guard: LoopGuard) {
    this.next = next;
    this.guard = guard;
  }

  ask(query: Query): Pending {
    if (query.type === TYPE_HINFO && this.guard.recognise(query)) return nothingHere(query);
    return this.next.ask(query);
  }
}

/** A denial without SOA, which nobody keeps; and the end of the loop. */
function nothingHere(query: Query): Reply {
  const builder = new MessageBuilder(NXDOMAIN, query.length);
  builder.question(query.nameAsAsked, query.type, query.class);
  return new Reply(builder.finish(), 'loop');
}

const randomLabel = (): string => randomBytes(LABEL_OCTETS).toString('hex');

interface Probe {
  readonly upstream: OfferedUpstream;
  seen: boolean;
}

/** The probes of one server block, and what they found. */
export class LoopGuard {
  private readonly context: SetupContext;
  /** Probes under way by their name, folded, as latin1. */
  private readonly probes = new Map<string, Probe>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(context: SetupContext) {
    this.context = context;
  }

  start(): void {
    const endMs = this.context.clock.nowMs() + GIVE_UP_MS;
    for (const upstream of this.context.upstreams) {
      this.later(FIRST_PROBE_MS, () => this.probe(upstream, endMs));
    }
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.probes.clear();
  }

  /** Whether the question is one of our probes come back. If so, its upstream is asked no more. */
  recognise(query: Query): boolean {
    if (this.probes.size === 0) return false;
    const name = Buffer.from(query.foldedName).toString('latin1', 0, query.nameLength);
    const probe = this.probes.get(name);
    if (probe === undefined) return false;
    probe.seen = true;
    probe.upstream.quarantine(
      `Loop (${query.clientAddress}:${query.clientPort} -> ${query.server.label}) detected for zone "${this.zoneText}": it sends our queries back to us`,
    );
    return true;
  }

  private get zoneText(): string {
    return this.context.zones[0].text;
  }

  private async probe(upstream: OfferedUpstream, endMs: number): Promise<void> {
    const suffix = this.zoneText === '.' ? '' : this.zoneText;
    const name = nameFromText(`${randomLabel()}.${randomLabel()}.${suffix}`);
    const key = Buffer.from(name).toString('latin1');
    const probe: Probe = { upstream, seen: false };
    this.probes.set(key, probe);
    let answered = true;
    try {
      await upstream.ask({ name, type: TYPE_HINFO, class: CLASS_IN });
    } catch {
      answered = false;
    }
    this.probes.delete(key);
    this.conclude(probe, answered, endMs);
  }

  private conclude(probe: Probe, answered: boolean, endMs: number): void {
    const { upstream } = probe;
    if (probe.seen) this.later(RECHECK_MS, () => this.probe(upstream, endMs));
    else if (answered) upstream.release();
    else if (this.context.clock.nowMs() < endMs) this.later(RETRY_MS, () => this.probe(upstream, endMs));
    // Nothing is known of one that never answers: where it was found to loop, it stays out and is asked again later.
    else this.later(RECHECK_MS, () => this.probe(upstream, endMs));
  }

  private later(ms: number, run: () => void | Promise<void>): void {
    // A probe that was under way at the end has nothing to follow.
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void run();
    }, ms);
    timer.unref();
    this.timers.add(timer);
  }
}
