import { describe, expect, it } from 'vitest';
import { Lease } from '../../src/guard/lease.ts';
import type { Proto, Transition } from '../../src/guard/lease.ts';

const LEASE_MS = 1_000;
const INTERVAL_MS = 250;
const ADDRESS = '192.0.2.1';

/** A lease and the time, moved by what happens. */
class Script {
  readonly lease: Lease;
  nowMs = 1_000_000;
  readonly transitions: string[] = [];

  constructor(top: 'intercepting' | 'serving' = 'intercepting') {
    this.lease = new Lease({ address: ADDRESS, leaseMs: LEASE_MS, top });
  }

  note(transition: Transition | undefined): this {
    if (transition !== undefined) this.transitions.push(`${transition.to} ${transition.reason}`);
    return this;
  }

  begin(): this {
    return this.note(this.lease.begin(this.nowMs));
  }

  probed(proto: Proto, outcome: 'good' | 'draining' | 'failed', askedMs = this.nowMs): this {
    return this.note(this.lease.probed({ proto, outcome, askedMs }, this.nowMs));
  }

  /** So many rounds of UDP, an interval apart. */
  udp(outcome: 'good' | 'draining' | 'failed', rounds = 1): this {
    for (let round = 0; round < rounds; round++) this.wait(INTERVAL_MS).probed('udp', outcome);
    return this;
  }

  tcp(outcome: 'good' | 'draining' | 'failed', rounds = 1): this {
    for (let round = 0; round < rounds; round++) this.probed('tcp', outcome);
    return this;
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  armed(): this {
    return this.note(this.lease.armed(this.nowMs));
  }

  leave(reason: Parameters<Lease['leave']>[0]): this {
    return this.note(this.lease.leave(reason, this.nowMs));
  }

  get wanted(): boolean {
    return this.lease.wanted(this.nowMs);
  }

  get suspect(): boolean {
    return this.lease.suspect(this.nowMs);
  }

  get heldForMs(): number {
    return this.lease.heldUntilMs - this.nowMs;
  }
}

const intercepting = (): Script => new Script().begin().tcp('good').udp('good', 3).armed();

describe('entering', () => {
  it('takes three answers in a row over UDP and one over TCP', () => {
    const script = new Script().begin().tcp('good').udp('good', 2);
    expect(script.wanted).toBe(false);
    expect(script.udp('good').wanted).toBe(true);
    expect(script.lease.state).toBe('proving');
    expect(script.armed().lease.state).toBe('intercepting');
    expect(script.transitions).toEqual(['proving start', 'intercepting proved']);
  });

  it('does not happen without TCP, nor when TCP has stopped to answer', () => {
    const script = new Script().begin().udp('good', 5);
    expect(script.wanted).toBe(false);
    expect(script.tcp('good').wanted).toBe(true);
    expect(script.tcp('failed').wanted).toBe(false);
  });

  it.each(['failed', 'draining'] as const)('begins anew after a probe that %s', (outcome) => {
    const script = new Script().begin().tcp('good').udp('good', 2).udp(outcome).udp('good', 2);
    expect(script.wanted).toBe(false);
    expect(script.udp('good').wanted).toBe(true);
  });

  it('is not wanted before the interface stands', () => {
    const script = new Script().tcp('good').udp('good', 3);
    expect(script.wanted).toBe(false);
    expect(script.armed().lease.state).toBe('absent');
  });

  it('does not come of having been armed when it is not wanted any more', () => {
    const script = new Script().begin().tcp('good').udp('good', 3).leave('exit').armed();
    expect(script.lease.state).toBe('fallback');
  });

  it('is at once for what is adopted', () => {
    const script = new Script();
    script.note(script.lease.adopt(script.nowMs));
    expect(script.transitions).toEqual(['intercepting adopted']);
    expect(script.wanted).toBe(true);
    expect(script.udp('failed', 3).suspect).toBe(false);
    expect(script.udp('failed').suspect).toBe(true);
  });
});

describe('leaving', () => {
  it('comes with an exit, at once, and says so where nothing was proved yet too', () => {
    expect(intercepting().leave('exit').transitions.at(-1)).toBe('fallback exit');
    expect(new Script().begin().leave('exit').transitions.at(-1)).toBe('fallback exit');
  });

  it('is looked into after a lease without an answer over UDP, and not before', () => {
    const script = intercepting().udp('failed', 3);
    expect(script.suspect).toBe(false);
    expect(script.udp('failed').suspect).toBe(true);
    expect(script.lease.state).toBe('intercepting');
    expect(script.udp('good').suspect).toBe(false);
  });

  it('is not looked into for one failure, however long ago the last answer is', () => {
    expect(intercepting().wait(60_000).udp('failed', 2).suspect).toBe(false);
  });

  it('is not looked into when the guard itself stood still', () => {
    const script = intercepting().udp('failed', 3).wait(5_000);
    script.lease.excuse(script.nowMs);
    expect(script.udp('failed', 3).suspect).toBe(false);
    expect(script.udp('failed').suspect).toBe(true);
  });

  it('comes with three failures in a row over TCP while UDP is answered', () => {
    const script = intercepting().udp('good').tcp('failed', 2);
    expect(script.lease.state).toBe('intercepting');
    expect(script.tcp('failed').transitions.at(-1)).toBe('fallback tcp');
  });

  it('does not come of failures over TCP that are not in a row', () => {
    const script = intercepting().tcp('failed', 2).tcp('good').tcp('failed', 2);
    expect(script.lease.state).toBe('intercepting');
  });

  it('does not come of failures over TCP while UDP fails too: then the lease decides', () => {
    const script = intercepting().udp('failed').tcp('failed', 5);
    expect(script.lease.state).toBe('intercepting');
  });

  it('comes with UDP being dead for ten seconds while TCP is answered, though the lease holds', () => {
    const script = intercepting().udp('failed', 38);
    expect(script.lease.state).toBe('intercepting');
    expect(script.udp('failed', 2).transitions.at(-1)).toBe('fallback udp');
  });

  it('does not come of one answer in a while under a flood', () => {
    const script = intercepting();
    for (let round = 0; round < 10; round++) script.udp('failed', 30).udp('good');
    expect(script.lease.state).toBe('intercepting');
  });

  it('comes with three answers in a row that the server is draining, and not with fewer', () => {
    const script = intercepting().udp('draining', 2).udp('good').udp('draining', 2);
    expect(script.lease.state).toBe('intercepting');
    expect(script.udp('draining').transitions.at(-1)).toBe('fallback draining');
  });

  it('needs no look without rules: a lease without an answer is enough', () => {
    const script = new Script('serving').begin().tcp('good').udp('good', 3).armed();
    expect(script.lease.state).toBe('serving');
    expect(script.udp('failed', 3).lease.state).toBe('serving');
    expect(script.udp('failed').transitions.at(-1)).toBe('fallback probes');
  });
});

describe('coming back', () => {
  it('takes an answer to be proving, and three to be wanted', () => {
    const script = intercepting().wait(60_000).leave('exit').wait(1).udp('good');
    expect(script.transitions.at(-1)).toBe('proving answers');
    script.tcp('good').udp('good');
    expect(script.wanted).toBe(false);
    expect(script.udp('good').wanted).toBe(true);
  });

  it('does not count answers to what was asked before the end', () => {
    const script = intercepting().wait(60_000);
    const askedMs = script.nowMs - 1;
    script.leave('exit').probed('udp', 'good', askedMs);
    expect(script.lease.state).toBe('fallback');
    expect(script.lease.answers).toBe(false);
  });

  it('never comes after a planned stop', () => {
    const script = intercepting().leave('stop').wait(120_000).tcp('good').udp('good', 9);
    expect(script.wanted).toBe(false);
    expect(script.transitions.at(-1)).toBe('fallback stop');
  });

  it('is from anywhere to nothing when it is taken away', () => {
    const script = intercepting();
    script.note(script.lease.end(script.nowMs));
    expect(script.transitions.at(-1)).toBe('absent teardown');
    expect(script.tcp('good').udp('good', 3).wanted).toBe(false);
  });

  it('goes on from rules that fail as soon as they do not, since the server is proved', () => {
    const script = new Script().begin().tcp('good').udp('good', 3).leave('rules').leave('rules');
    expect(script.transitions).toEqual(['proving start', 'fallback rules']);
    expect(script.wanted).toBe(true);
    expect(script.udp('good').transitions).toHaveLength(2);
    expect(script.armed().transitions.at(-1)).toBe('intercepting proved');
  });
});

/** Proves itself as soon as it may, is intercepted for so long, and ends. */
function live(script: Script, ms: number): Script {
  script.wait(Math.max(0, script.heldForMs)).tcp('good').udp('good', 3);
  expect(script.wanted).toBe(true);
  return script.armed().wait(ms).leave('exit');
}

describe('a server that flaps', () => {
  it('is kept out for 1 s, 2 s, 4 s … and never for more than a minute', () => {
    const script = new Script().begin();
    const heldMs = Array.from({ length: 9 }, () => live(script, 5_000).heldForMs);
    expect(heldMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is not wanted, and not even proving, as long as it is kept out', () => {
    const script = live(live(new Script().begin(), 5_000), 5_000).tcp('good').udp('good', 7);
    expect(script.wanted).toBe(false);
    expect(script.lease.state).toBe('fallback');
    expect(script.udp('good').wanted).toBe(true);
    expect(script.lease.state).toBe('proving');
  });

  it('is forgiven after a minute of interception', () => {
    const script = live(live(new Script().begin(), 5_000), 5_000);
    expect(live(script, 60_000).heldForMs).toBe(0);
    expect(live(script, 59_999).heldForMs).toBe(1_000);
  });

  it('is not one that was stopped as planned, or whose rules failed', () => {
    expect(intercepting().udp('draining', 3).heldForMs).toBeLessThanOrEqual(0);
    expect(intercepting().leave('rules').heldForMs).toBeLessThanOrEqual(0);
  });
});
