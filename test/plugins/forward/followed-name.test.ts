/** When the addresses of a host name are looked up, and what becomes of what was found; the lookups are the test's. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FollowedName } from '../../../src/plugins/forward/followed-name.ts';
import type { KnownAddresses } from '../../../src/plugins/forward/followed-name.ts';
import type { FoundAddresses } from '../../../src/upstream/address-lookup.ts';
import { FakeLog } from '../../support/setup-context.ts';

const at = (ipv4: readonly string[], ttlSeconds = 30, ipv6: readonly string[] = []): FoundAddresses => ({
  ipv4,
  ipv6,
  ttlSeconds,
});

class Following {
  readonly log = new FakeLog();
  readonly failures = { value: 0 };
  readonly known: KnownAddresses;
  /** What a lookup finds from now on, or how it fails. */
  answer: FoundAddresses | Error = at(['192.0.2.1']);
  lookups = 0;
  changes = 0;
  unusable = '';
  readonly name: FollowedName;

  constructor(known: readonly string[] = []) {
    this.known = { addresses: known };
    this.name = new FollowedName({
      name: 'dns.test',
      known: this.known,
      lookUp: () => {
        this.lookups++;
        return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer);
      },
      isUsable: (address) => address !== this.unusable,
      changed: () => {
        this.changes++;
      },
      log: this.log,
      failures: this.failures,
    });
  }

  /** Lookups in this time. */
  async during(seconds: number): Promise<number> {
    const before = this.lookups;
    await vi.advanceTimersByTimeAsync(seconds * 1000);
    return this.lookups - before;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe('at the start', () => {
  it('the addresses are known when it is over', async () => {
    const following = new Following();
    await following.name.start();
    expect(following.name.addresses).toEqual(['192.0.2.1']);
    expect(following.known.addresses).toEqual(['192.0.2.1']);
    expect(following.log.lines).toEqual(['info "dns.test" is 192.0.2.1']);
  });

  it.each([
    {
      answer: new Error('no addresses found for "dns.test": why'),
      why: 'no addresses found for "dns.test": why',
    },
    { answer: at([]), why: 'no upstream can be at any address of "dns.test"' },
    { answer: at(['192.0.2.9']), why: 'no upstream can be at any address of "dns.test"' },
  ])(
    'a name without an address is an error in the words of CoreDNS, and that is the end of it: $why',
    async ({ answer, why }) => {
      const following = new Following();
      following.answer = answer;
      following.unusable = '192.0.2.9';
      await expect(following.name.start()).rejects.toThrow(
        `plugin/forward: failed to resolve "dns.test": ${why}`,
      );
      expect(await following.during(1_000)).toBe(0);
      expect(following.failures.value).toBe(1);
    },
  );

  it('what was known before a reload will do, and nobody waits', async () => {
    const following = new Following(['192.0.2.7']);
    following.answer = new Error('no resolver');
    await following.name.start();
    expect(following.name.addresses).toEqual(['192.0.2.7']);
    await following.during(1);
    expect(following.log.lines).toEqual([
      'warn failed to resolve "dns.test": no resolver; still asking 192.0.2.7',
    ]);
    following.answer = at(['192.0.2.8']);
    await following.during(5);
    expect(following.name.addresses).toEqual(['192.0.2.8']);
    expect(following.log.lines.slice(1)).toEqual([
      'info "dns.test" is found again',
      'info "dns.test" is 192.0.2.8',
    ]);
  });

  it('of those that cannot be asked none is used', async () => {
    const following = new Following();
    following.answer = at(['192.0.2.9', '192.0.2.1']);
    following.unusable = '192.0.2.9';
    await following.name.start();
    expect(following.name.addresses).toEqual(['192.0.2.1']);
  });
});

describe('the next lookup', () => {
  it.each([
    { ttl: 30, seconds: 30 },
    { ttl: 0, seconds: 5 },
    { ttl: 5, seconds: 5 },
    { ttl: 86_400, seconds: 300 },
    { ttl: Infinity, seconds: 300 },
  ])('is after $seconds s for a TTL of $ttl s', async ({ ttl, seconds }) => {
    const following = new Following();
    following.answer = at(['192.0.2.1'], ttl);
    await following.name.start();
    expect(await following.during(seconds - 0.1)).toBe(0);
    expect(await following.during(0.2)).toBe(1);
    expect(await following.during(seconds)).toBe(1);
  });

  it('is sooner when an upstream fails, though not within 5 s of the last', async () => {
    const following = new Following();
    following.answer = at(['192.0.2.1'], 300);
    await following.name.start();
    following.name.lookSoon();
    following.name.lookSoon();
    expect(await following.during(4.9)).toBe(0);
    expect(await following.during(0.2)).toBe(1);
    expect(await following.during(60)).toBe(0);
    const { lookups } = following;
    following.name.lookSoon();
    expect(following.lookups - lookups).toBe(1);
    // And the next one is counted from there.
    expect(await following.during(299)).toBe(0);
    expect(await following.during(2)).toBe(1);
  });

  it('comes with growing pauses while there is no answer, and the log says it once', async () => {
    const following = new Following();
    await following.name.start();
    following.answer = new Error('no resolver');
    const ends: number[] = [];
    for (let second = 1; second <= 240; second++) if ((await following.during(1)) > 0) ends.push(second);
    expect(ends).toEqual([30, 35, 45, 65, 105, 165, 225]);
    expect(following.name.addresses).toEqual(['192.0.2.1']);
    expect(following.failures.value).toBe(7);
    expect(following.log.lines.slice(1)).toEqual([
      'warn failed to resolve "dns.test": no resolver; still asking 192.0.2.1',
    ]);
  });

  it('does not come when it was stopped', async () => {
    const following = new Following();
    await following.name.start();
    following.name.stop();
    following.name.lookSoon();
    expect(await following.during(600)).toBe(0);
  });
});

describe('other addresses', () => {
  it('take the place of those before', async () => {
    const following = new Following();
    await following.name.start();
    following.answer = at(['192.0.2.2']);
    await following.during(30);
    expect(following.name.addresses).toEqual(['192.0.2.2']);
    expect(following.changes).toBe(2);
  });

  it('are not those that come in another order', async () => {
    const following = new Following();
    following.answer = at(['192.0.2.1', '192.0.2.2'], 30, ['2001:db8::1']);
    await following.name.start();
    following.answer = at(['192.0.2.2', '192.0.2.1'], 30, ['2001:db8::1']);
    await following.during(30);
    expect(following.name.addresses).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::1']);
    expect(following.changes).toBe(1);
  });

  it('stand behind those that stay', async () => {
    const following = new Following();
    following.answer = at(['192.0.2.1', '192.0.2.2']);
    await following.name.start();
    following.answer = at(['192.0.2.3', '192.0.2.2']);
    await following.during(30);
    expect(following.name.addresses).toEqual(['192.0.2.2', '192.0.2.3']);
  });

  it('are not none of a family about which nothing was heard', async () => {
    const following = new Following();
    following.answer = at(['192.0.2.1'], 30, ['2001:db8::1']);
    await following.name.start();
    following.answer = { ipv4: ['192.0.2.1'], ipv6: undefined, ttlSeconds: 30 };
    await following.during(30);
    expect(following.name.addresses).toEqual(['192.0.2.1', '2001:db8::1']);
    following.answer = at(['192.0.2.1']);
    await following.during(30);
    expect(following.name.addresses).toEqual(['192.0.2.1']);
  });
});
