/** What becomes of queries whose datagrams are refused (ICMP), told by channels that a test plays: no host on loopback refuses only some. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ChannelEvents, DatagramChannels } from '../../src/datagram/channels.ts';
import { RandomIds } from '../../src/upstream/random-id.ts';
import { ReplyCheck } from '../../src/upstream/reply-check.ts';
import { RoundTrip } from '../../src/upstream/round-trip.ts';
import { UdpPool } from '../../src/upstream/udp-pool.ts';
import { QR, readFlags, writeFlags } from '../../src/wire/header.ts';
import { failureOf, pendingFor } from './open-upstream.ts';

interface Port {
  readonly sent: Uint8Array[];
  isClosed: boolean;
  /** Answers everything that was sent. */
  answer: () => void;
  refuse: () => void;
}

function makePool(waitsForReturn: boolean) {
  const ports: Port[] = [];
  const channels: DatagramChannels = {
    group: 1,
    turn: 0,
    shareTurns: () => undefined,
    open(_peer, events) {
      const port = makePort(events);
      ports.push(port);
      events.opened('127.0.0.1', 1024 + ports.length);
      return {
        send: (message) => void port.sent.push(message.slice()),
        close: () => void (port.isClosed = true),
      };
    },
  };
  const target = {
    channels,
    host: '127.0.0.1',
    port: 53,
    sourceAddress: undefined,
    lifeMs: 10_000,
    ids: new RandomIds(),
    check: new ReplyCheck(),
    roundTrip: new RoundTrip(),
    waitsForReturn,
  };
  const series = { hits: { value: 0 }, misses: { value: 0 }, silences: { value: 0 }, moves: { value: 0 } };
  const pool = new UdpPool(target, series, { mismatched: () => undefined, askedAgain: () => undefined });
  onTestFinished(() => pool.close());
  const ask = (): Promise<Uint8Array> => {
    const { query, reply } = pendingFor('example.org', 10_000);
    reply.catch(() => undefined);
    pool.ask(query);
    return reply;
  };
  return { pool, ports, ask, series, roundTrip: target.roundTrip };
}

function makePort(events: ChannelEvents): Port {
  const sent: Uint8Array[] = [];
  return {
    sent,
    isClosed: false,
    answer: () => {
      for (const message of sent.splice(0)) {
        writeFlags(message, readFlags(message) | QR);
        events.received(message);
      }
    },
    refuse: () => {
      const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'recvmsg' });
      events.failed(error, 'read');
    },
  };
}

/** A pool that was answered a moment ago, on a port that is gone. */
async function known(waitsForReturn: boolean) {
  const made = makePool(waitsForReturn);
  const first = made.ask();
  made.ports[0].answer();
  await first;
  made.ports[0].refuse();
  // As the upstream does.
  made.roundTrip.note(1);
  made.ports.splice(0);
  return made;
}

/** One look of the pool. */
const LOOK_MS = 50;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a query whose datagram is refused', () => {
  it('goes out at once from a new port where the upstream was there a moment ago', async () => {
    const { ports, ask, series } = await known(false);
    const answer = ask();
    ports[0].refuse();
    expect(ports).toHaveLength(2);
    expect(ports[1].sent).toHaveLength(1);
    ports[1].answer();
    await answer;
    expect(series.moves.value).toBe(1);
  });

  it('shares that new port with the others of its own', async () => {
    const { ports, ask } = await known(false);
    // As many as make the pool draw among those that are open.
    const answers = Array.from({ length: 64 + 200 }, ask);
    const busiest = ports.reduce((most, port) => (port.sent.length > most.sent.length ? port : most));
    const count = busiest.sent.length;
    const before = ports.length;
    expect(count).toBeGreaterThan(1);
    busiest.refuse();
    expect(ports.slice(before).map(({ sent }) => sent.length)).toEqual([count]);
    for (const port of ports) if (port !== busiest) port.answer();
    await Promise.all(answers);
  });

  it('goes out at once from the port on which an answer came last', async () => {
    const { ports, ask } = await known(false);
    const [first, second, third] = [ask(), ask(), ask()];
    ports[0].answer();
    ports[1].answer();
    await Promise.all([first, second]);
    ports[2].refuse();
    expect(ports).toHaveLength(3);
    expect(ports.map(({ sent }) => sent.length)).toEqual([0, 1, 1]);
    ports[1].answer();
    await third;
  });

  it('goes out from a new port where the last answer is older than a look', async () => {
    const { ports, ask } = await known(false);
    const [first, second] = [ask(), ask()];
    ports[0].answer();
    await first;
    vi.advanceTimersByTime(2 * LOOK_MS);
    ports[1].refuse();
    expect(ports).toHaveLength(3);
    ports[2].answer();
    await second;
  });

  it('goes out from a new port where nothing was asked for a while since the last answer', async () => {
    const { ports, ask } = await known(false);
    const first = ask();
    ports[0].answer();
    await first;
    // Nothing is left to look at, so no more looks are counted.
    vi.advanceTimersByTime(LOOK_MS);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(60 * LOOK_MS);
    const second = ask();
    ports[1].refuse();
    expect(ports).toHaveLength(3);
    ports[2].answer();
    await second;
  });

  it('fails at once where nothing was ever heard from the upstream', async () => {
    const { ports, ask } = makePool(true);
    const answer = ask();
    ports[0].refuse();
    expect((await failureOf(answer)).code).toBe('refused');
    expect(ports).toHaveLength(1);
  });

  it('and refused again, fails where somebody else can be asked', async () => {
    const { ports, ask } = await known(false);
    const answer = ask();
    ports[0].refuse();
    ports[1].refuse();
    expect((await failureOf(answer)).code).toBe('refused');
    expect(ports).toHaveLength(2);
  });

  it('and refused again, waits a moment where nobody else can be asked', async () => {
    const { ports, ask } = await known(true);
    const answer = ask();
    ports[0].refuse();
    ports[1].refuse();
    expect(ports).toHaveLength(2);
    vi.advanceTimersByTime(LOOK_MS);
    expect(ports).toHaveLength(3);
    ports[2].answer();
    await answer;
  });

  it('three times fails, and those that come later fail at once until the upstream is heard of', async () => {
    const { ports, ask } = await known(true);
    const lost = ask();
    ports[0].refuse();
    ports[1].refuse();
    vi.advanceTimersByTime(LOOK_MS);
    ports[2].refuse();
    expect((await failureOf(lost)).code).toBe('refused');
    const next = ask();
    ports[3].refuse();
    expect((await failureOf(next)).code).toBe('refused');
    expect(ports).toHaveLength(4);
    const heard = ask();
    ports[4].answer();
    await heard;
    ports[4].refuse();
    const again = ask();
    ports[5].refuse();
    ports[6].answer();
    await again;
  });

  it('fails as closed when the pool is closed while it waits', async () => {
    const { ports, ask, pool } = await known(true);
    const answer = ask();
    ports[0].refuse();
    ports[1].refuse();
    pool.close();
    expect((await failureOf(answer)).code).toBe('closed');
    expect(ports.every(({ isClosed }) => isClosed)).toBe(true);
  });
});

/** Longer than it takes to be taken for silent. */
function passSilence(): void {
  for (let look = 0; look < 8; look++) vi.advanceTimersByTime(LOOK_MS);
}

describe('a port that falls silent', () => {
  it('is closed when nobody waits for it any more', async () => {
    const { ports, ask, roundTrip } = await known(false);
    const answer = ask();
    // Somebody else is answered.
    roundTrip.note(1);
    passSilence();
    expect(ports).toHaveLength(2);
    ports[1].answer();
    await answer;
    expect(ports[0].isClosed).toBe(false);
    passSilence();
    expect(ports.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    // Nothing is left to look at.
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has its queries asked on a port on which an answer has just come', async () => {
    const { ports, ask, roundTrip } = await known(false);
    const slow = ask();
    const looks = 8;
    for (let look = 0; look < looks; look++) {
      const other = ask();
      ports[1 + look].answer();
      await other;
      roundTrip.note(1);
      vi.advanceTimersByTime(LOOK_MS);
    }
    expect(ports).toHaveLength(1 + looks);
    const [heard, ...more] = ports.slice(1).filter(({ sent }) => sent.length > 0);
    expect(more).toEqual([]);
    heard.answer();
    await slow;
  });

  it('is kept where too many are open already', async () => {
    const { ports, ask, pool, roundTrip } = await known(false);
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 64; i++) void ask();
      roundTrip.note(1);
      passSilence();
    }
    const open = ports.filter(({ isClosed }) => !isClosed).length;
    expect(open).toBeGreaterThan(64);
    expect(open).toBeLessThanOrEqual(64 + 192);
    pool.close();
    expect(ports.every(({ isClosed }) => isClosed)).toBe(true);
  });
});
