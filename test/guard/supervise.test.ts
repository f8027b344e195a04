import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChildEnd, ServeChild } from '../../src/guard/child-process.ts';
import { Supervision } from '../../src/guard/supervise.ts';
import type { GuardedHost } from '../../src/guard/supervise.ts';
import { FakeLog } from '../support/setup-context.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nowMs = (): number => Date.now();

/** A child that ends when it is told to by the test, or by SIGKILL. */
class FakeChild implements ServeChild {
  readonly pid: number;
  readonly closed: Promise<void>;
  readonly ended: Promise<ChildEnd>;
  readonly signals: string[] = [];
  endsBy: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGQUIT'];
  private resolve: (end: ChildEnd) => void = () => undefined;
  /** Its sockets. */
  close: () => void = () => undefined;
  private readonly events: string[];

  constructor(pid: number, events: string[]) {
    this.pid = pid;
    this.events = events;
    this.ended = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.close = resolve;
    });
  }

  signal(name: NodeJS.Signals): void {
    this.signals.push(name);
    this.events.push(`${name} to ${this.pid}`);
    if (this.endsBy.includes(name)) this.end(name === 'SIGKILL' ? name : 0);
  }

  end(how: number | NodeJS.Signals): void {
    this.resolve(
      typeof how === 'number'
        ? { code: how, signal: null, how: `exit code ${how}` }
        : { code: null, signal: how, how },
    );
  }
}

class FakeGuard implements GuardedHost {
  readonly events: string[];
  lastProofMs = nowMs();
  everProved = false;
  disarmTakesMs = 0;
  startError: Error | undefined;

  constructor(events: string[]) {
    this.events = events;
  }

  prove(): void {
    this.everProved = true;
    this.lastProofMs = nowMs();
  }

  get silentMs(): number {
    return nowMs() - this.lastProofMs;
  }

  start(): Promise<void> {
    this.events.push('guard starts');
    return this.startError === undefined ? Promise.resolve() : Promise.reject(this.startError);
  }

  childLeaves(): void {
    this.events.push('guard hears: no sockets');
  }

  childGone(reason: string): Promise<void> {
    this.events.push(`guard hears: ${reason}`);
    return Promise.resolve();
  }

  async disarm(): Promise<void> {
    this.events.push('guard disarms');
    if (this.disarmTakesMs > 0) await new Promise((resolve) => setTimeout(resolve, this.disarmTakesMs));
  }

  close({ teardown }: { readonly teardown: boolean }): Promise<void> {
    this.events.push(teardown ? 'guard tears down' : 'guard closes');
    return Promise.resolve();
  }
}

interface Scene {
  readonly events: string[];
  readonly children: FakeChild[];
  readonly guard: FakeGuard;
  readonly log: FakeLog;
  readonly supervision: Supervision;
  readonly done: Promise<number>;
  /** The child that runs, or ran last. */
  readonly child: () => FakeChild;
  /** Lets time pass, with a good probe each 250 ms. */
  readonly serveWell: (ms: number) => Promise<void>;
}

async function begin(options: { teardown?: boolean } = {}): Promise<Scene> {
  const events: string[] = [];
  const children: FakeChild[] = [];
  const guard = new FakeGuard(events);
  const log = new FakeLog();
  const supervision = new Supervision({
    guard,
    start: () => {
      const child = new FakeChild(100 + children.length, events);
      children.push(child);
      events.push(`start of ${child.pid}`);
      return child;
    },
    clock: { nowMs },
    log,
    frozenAfterMs: 3000,
    stopMs: 5000,
    teardown: options.teardown ?? true,
  });
  const done = supervision.run();
  await vi.advanceTimersByTimeAsync(0);
  return {
    events,
    children,
    guard,
    log,
    supervision,
    done,
    child: () => children[children.length - 1],
    async serveWell(ms) {
      for (let passed = 0; passed < ms; passed += 250) {
        await vi.advanceTimersByTimeAsync(250);
        guard.prove();
      }
    },
  };
}

/** Ends the child and gives how long it took until the next one ran. */
async function restartMs({ child, children }: Scene, how: number | NodeJS.Signals): Promise<number> {
  const count = children.length;
  const fromMs = nowMs();
  child().end(how);
  while (children.length === count) await vi.advanceTimersByTimeAsync(10);
  return nowMs() - fromMs;
}

describe('a child that ends', () => {
  it('is told to the guard at once, and replaced after a pause', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    scene.events.length = 0;
    scene.child().end('SIGKILL');
    await vi.advanceTimersByTimeAsync(0);
    expect(scene.events).toEqual(['guard hears: SIGKILL']);
    await vi.advanceTimersByTimeAsync(99);
    expect(scene.children).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(scene.children).toHaveLength(2);
  });

  it('is told to the guard when its sockets are closed, and again when it has ended', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    scene.events.length = 0;
    scene.child().close();
    await vi.advanceTimersByTimeAsync(1);
    expect(scene.events).toEqual(['guard hears: no sockets']);
    scene.child().end('SIGKILL');
    await vi.advanceTimersByTimeAsync(1);
    expect(scene.events).toEqual(['guard hears: no sockets', 'guard hears: SIGKILL']);
  });

  it('is not told of as one without sockets once it has ended, when another one may run', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    scene.events.length = 0;
    const former = scene.child();
    former.end('SIGKILL');
    await vi.advanceTimersByTimeAsync(1000);
    former.close();
    await vi.advanceTimersByTimeAsync(1);
    expect(scene.events).toEqual(['guard hears: SIGKILL', 'start of 101']);
  });

  it('is replaced after longer and longer pauses, up to 5 s', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    const pauses: number[] = [];
    for (let index = 0; index < 8; index++) pauses.push(await restartMs(scene, 1));
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  it.each([
    { servedMs: 11_000, pauseMs: 100 },
    { servedMs: 9000, pauseMs: 800 },
  ])('is replaced after $pauseMs ms when it was good for $servedMs ms', async ({ servedMs, pauseMs }) => {
    const scene = await begin();
    await scene.serveWell(1000);
    for (let index = 0; index < 3; index++) await restartMs(scene, 1);
    await scene.serveWell(servedMs);
    expect(await restartMs(scene, 'SIGSEGV')).toBe(pauseMs);
  });

  it.each([1, 2])('with exit code %d before anything was proved ends everything with it', async (code) => {
    const scene = await begin();
    scene.child().end(code);
    expect(await scene.done).toBe(code);
    expect(scene.events).toEqual([
      'guard starts',
      'start of 100',
      `guard hears: exit code ${code}`,
      'guard tears down',
    ]);
  });

  it.each(['SIGKILL', 0] as const)('by %s before anything was proved is replaced', async (how) => {
    const scene = await begin();
    expect(await restartMs(scene, how)).toBe(100);
  });

  it('with exit code 1 is replaced when a former one was proved', async () => {
    const scene = await begin();
    await scene.serveWell(500);
    await restartMs(scene, 'SIGKILL');
    expect(await restartMs(scene, 1)).toBe(200);
  });
});

describe('a child that gives no sign of life', () => {
  it('is killed after the time for it, and replaced', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    const [frozen] = scene.children;
    await vi.advanceTimersByTimeAsync(2750);
    expect(frozen.signals).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(frozen.signals).toEqual(['SIGKILL']);
    expect(scene.log.lines).toContainEqual(
      expect.stringMatching(/^error serve \(process 100\) gives no sign/),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect(scene.children).toHaveLength(2);
  });

  it('has 30 s for its start, also when a former one was proved', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    await restartMs(scene, 'SIGKILL');
    await vi.advanceTimersByTimeAsync(29_750);
    expect(scene.child().signals).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(scene.children[1].signals).toEqual(['SIGKILL']);
  });

  it('is sent one signal only, however long it takes to end', async () => {
    const scene = await begin();
    scene.child().endsBy = [];
    await scene.serveWell(1000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scene.children[0].signals).toEqual(['SIGKILL']);
  });
});

describe('a planned end', () => {
  it.each(['SIGTERM', 'SIGQUIT'] as const)(
    'takes rules, child and interface, in this order: %s',
    async (signal) => {
      const scene = await begin();
      await scene.serveWell(1000);
      scene.events.length = 0;
      void scene.supervision.stop(signal);
      expect(await scene.done).toBe(0);
      expect(scene.events).toEqual(['guard disarms', `${signal} to 100`, 'guard tears down']);
      expect(scene.children).toHaveLength(1);
    },
  );

  it('leaves the host to the next one where it is told to', async () => {
    const scene = await begin({ teardown: false });
    void scene.supervision.stop('SIGTERM');
    await scene.done;
    expect(scene.events.at(-1)).toBe('guard closes');
  });

  it('waits for the child as long as it may take, and not longer', async () => {
    const scene = await begin();
    scene.child().endsBy = ['SIGKILL'];
    void scene.supervision.stop('SIGTERM');
    await vi.advanceTimersByTimeAsync(4900);
    expect(scene.child().signals).toEqual(['SIGTERM']);
    await vi.advanceTimersByTimeAsync(200);
    expect(await scene.done).toBe(0);
    expect(scene.child().signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('does not wait for rules that cannot be taken away', async () => {
    const scene = await begin();
    scene.guard.disarmTakesMs = 60_000;
    void scene.supervision.stop('SIGTERM');
    await vi.advanceTimersByTimeAsync(3000);
    expect(await scene.done).toBe(0);
  });

  it('begins no child that was waited for', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    scene.child().end('SIGKILL');
    await vi.advanceTimersByTimeAsync(50);
    void scene.supervision.stop('SIGTERM');
    expect(await scene.done).toBe(0);
    expect(scene.children).toHaveLength(1);
  });

  it('kills no frozen child while it has time to end', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    scene.child().endsBy = ['SIGKILL'];
    void scene.supervision.stop('SIGTERM');
    await vi.advanceTimersByTimeAsync(4500);
    expect(scene.child().signals).toEqual(['SIGTERM']);
  });

  it('without any wait kills the child', async () => {
    const scene = await begin();
    scene.supervision.kill();
    expect(await scene.done).toBe(0);
    expect(scene.child().signals).toEqual(['SIGKILL']);
  });
});

describe('a reload', () => {
  it('is passed on to the child that runs', async () => {
    const scene = await begin();
    await scene.serveWell(1000);
    scene.supervision.reload();
    expect(scene.child().signals).toEqual(['SIGUSR1']);
  });

  it('waits for a child that is just starting: it has no handler yet', async () => {
    const scene = await begin();
    scene.supervision.reload();
    await vi.advanceTimersByTimeAsync(500);
    expect(scene.child().signals).toEqual([]);
    await scene.serveWell(500);
    expect(scene.child().signals).toEqual(['SIGUSR1']);
  });

  it('comes also to a child that is never proved: its Corefile may be what is wrong', async () => {
    const scene = await begin();
    scene.supervision.reload();
    await vi.advanceTimersByTimeAsync(2500);
    expect(scene.child().signals).toEqual(['SIGUSR1']);
  });
});

it('starts no child on a host that cannot be guarded, and gives it back', async () => {
  const events: string[] = [];
  const guard = new FakeGuard(events);
  guard.startError = new Error('no NET_ADMIN');
  const start = vi.fn<() => ServeChild>();
  const options = {
    guard,
    start,
    clock: { nowMs },
    log: new FakeLog(),
    frozenAfterMs: 1,
    stopMs: 1,
    teardown: true,
  };
  await expect(new Supervision(options).run()).rejects.toThrow('no NET_ADMIN');
  expect(start).not.toHaveBeenCalled();
  expect(events).toEqual(['guard starts', 'guard tears down']);
});
