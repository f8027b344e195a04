/** How a Service that was made anew is found; who is asked is the test's, and time too. */
import { beforeEach, expect, it, vi } from 'vitest';
import type { Question } from '../../src/wire/ask-message.ts';
import { FIRST_LOOK_MS, LOOK_MS, ServiceFollower } from '../../src/serve/service-follower.ts';
import type { ServiceFollowerSetting } from '../../src/serve/service-follower.ts';
import { nameToText } from '../../src/wire/name.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import { FakeLog, zonesOf } from '../support/setup-context.ts';

const [OLD, NEW] = ['10.96.7.7', '10.96.8.8'];

class Cluster {
  readonly log = new FakeLog();
  address: string | undefined = OLD;
  /** What the cluster DNS says of the Service; undefined where it does not answer. */
  known: string[] | undefined = [OLD];
  /** What is said at the new address. */
  confirmed: string[] = [NEW];
  readonly asked: string[] = [];
  readonly moves: string[] = [];
  readonly follower: ServiceFollower;

  constructor(
    setting: Partial<ServiceFollowerSetting> = {},
    zones = ['cluster.local.'],
    label = `${OLD}:53`,
  ) {
    const upstream = {
      label,
      ask: (question: Question) => this.answer(question),
      quarantine: () => undefined,
      release: () => undefined,
    };
    this.follower = new ServiceFollower({
      address: () => this.address,
      hostName: (domain) => `up.kube-system.svc.${domain}`,
      clusterDomain: undefined,
      blocks: () => [{ zones: zonesOf(...zones), upstreams: [upstream] }],
      lookUpAt: (name, { host, port }) => {
        this.asked.push(`${name} at ${host} ${port}`);
        return this.confirmed.length === 0
          ? Promise.reject(new Error('nothing'))
          : Promise.resolve({ ipv4: this.confirmed, ipv6: undefined, ttlSeconds: 5 });
      },
      moved: (address) => {
        this.moves.push(address);
        this.address = address;
      },
      log: this.log,
      ...setting,
    });
    this.follower.start();
  }

  private answer({ name, type }: Question): Promise<unknown> {
    this.asked.push(nameToText(name));
    if (this.known === undefined) return Promise.reject(new Error('i/o timeout'));
    const query = {
      name: nameToText(name),
      type: type === 1 ? 'A' : 'AAAA',
      class: 'IN',
      id: 0,
      flags: 0,
      hasOpt: true,
      dnssecOk: false,
      udpSize: 1232,
      transport: 'tcp',
      clientPort: 0,
      connection: 1,
      message: name,
    } as const;
    const answers = this.known.map((address) => `@ 5 IN ${query.type} ${address}`);
    return Promise.resolve(replyMessage(query, { answers }));
  }
}

const firstLook = (): Promise<unknown> => vi.advanceTimersByTimeAsync(FIRST_LOOK_MS * 1.1);
const nextLook = (): Promise<unknown> => vi.advanceTimersByTimeAsync(LOOK_MS * 1.1);

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

it('asks who is asked anyway for the Service, again and again, and does nothing while all is as it was', async () => {
  const cluster = new Cluster();
  await firstLook();
  await nextLook();
  expect(cluster.asked).toEqual(Array.from({ length: 2 }, () => 'up.kube-system.svc.cluster.local.'));
  expect([cluster.moves, cluster.log.lines]).toEqual([[], []]);
});

it('follows it to an address at which a server says the same', async () => {
  const cluster = new Cluster();
  await firstLook();
  cluster.known = [NEW];
  await nextLook();
  expect(cluster.asked.at(-1)).toBe(`up.kube-system.svc.cluster.local at ${NEW} 53`);
  expect(cluster.moves).toEqual([NEW]);
  expect(cluster.log.lines).toEqual([
    `info the upstream Service up.kube-system.svc.cluster.local is ${NEW} now, and no longer ${OLD}`,
  ]);
});

it.each([
  { what: 'nobody answers there', confirmed: [] },
  { what: 'somebody else does', confirmed: ['192.0.2.1'] },
])('does not believe in an address where $what, and looks again', async ({ confirmed }) => {
  const cluster = new Cluster();
  cluster.known = [NEW];
  cluster.confirmed = confirmed;
  await firstLook();
  expect(cluster.moves).toEqual([]);
  cluster.confirmed = [NEW];
  await nextLook();
  expect(cluster.moves).toEqual([NEW]);
});

it.each<{ what: string; known: string[] | undefined }>([
  { what: 'no answer', known: undefined },
  { what: 'no such Service', known: [] },
  { what: 'two addresses, one of them the present one', known: [NEW, OLD] },
])('stays where it is with $what', async ({ known }) => {
  const cluster = new Cluster();
  cluster.known = known;
  await firstLook();
  await nextLook();
  expect(cluster.moves).toEqual([]);
});

it.each<{ what: string; zones: string[]; label?: string; domain?: string; name: string | undefined }>([
  { what: 'the first zone that is no reverse zone', zones: ['ip6.arpa.', 'c.test.'], name: 'c.test' },
  { what: 'nothing in reverse zones', zones: ['in-addr.arpa.', 'ip6.arpa.'], name: undefined },
  { what: 'nothing where everything is forwarded', zones: ['.'], name: undefined },
  {
    what: 'the domain that is given where everything is forwarded',
    zones: ['.'],
    domain: 'c.test',
    name: 'c.test',
  },
  { what: 'the domain that is given, and no other', zones: ['d.test.'], domain: 'c.test', name: undefined },
  { what: 'nothing of other upstreams', zones: ['c.test.'], label: '192.0.2.1:53', name: undefined },
])('asks for $what', async ({ zones, label, domain, name }) => {
  const cluster = new Cluster({ clusterDomain: domain }, zones, label);
  await firstLook();
  expect(cluster.asked).toEqual(name === undefined ? [] : [`up.kube-system.svc.${name}.`]);
});

it('asks for an address of the other family where the present one is of it', async () => {
  const cluster = new Cluster({}, ['c.test.'], '[fd00::7]:1053');
  cluster.address = 'fd00::7';
  cluster.known = ['fd00::8'];
  cluster.confirmed = ['fd00::8'];
  await firstLook();
  expect(cluster.asked.at(-1)).toBe('up.kube-system.svc.c.test at fd00::8 1053');
  expect(cluster.moves).toEqual(['fd00::8']);
});

it('asks nobody when it was stopped, or when there is no Service', async () => {
  const stopped = new Cluster();
  stopped.follower.stop();
  const none = new Cluster();
  none.address = undefined;
  await firstLook();
  await nextLook();
  expect([stopped.asked, none.asked]).toEqual([[], []]);
});
