/** What commands mean to a kernel is tried in `lab/link`; here, what is done where nothing can be measured: that there is nothing to do. */
import { describe, expect, it } from 'vitest';
import { mendsFor } from '../../src/host/link-mends.ts';
import type { HeldAddress, LinkState, Way } from '../../src/host/link-state.ts';
import type { LinkPlan } from '../../src/host/link.ts';

const PLAN: LinkPlan = { name: 'dns0', type: 'dummy', addresses: ['10.96.0.10', 'fd00::a'] };
const NODE = { 4: '192.0.2.1', 6: '2001:db8::1' };

const held = (address: string, isSource = false): HeldAddress => ({
  address,
  prefixLength: address.includes(':') ? 128 : 32,
  isSource,
});

const way = (source: string | undefined, metric?: number): Way => ({
  local: source !== undefined,
  source,
  metric,
});

const state = (changes: Partial<LinkState> = {}): LinkState => ({
  link: { kind: 'dummy', up: true, addresses: PLAN.addresses.map((address) => held(address)), ports: [] },
  heldElsewhere: new Map(),
  ways: new Map([
    ['10.96.0.10', way(NODE[4])],
    ['fd00::a', way(NODE[6], 1024)],
  ]),
  nodeAddresses: NODE,
  ...changes,
});

const commands = (changes: Partial<LinkState>, plan = PLAN): readonly string[] =>
  mendsFor(plan, state(changes), true).commands;

const withSource = (source: string): readonly string[] =>
  commands({ ways: new Map([...state().ways, ['10.96.0.10', way(source)]]) });

describe('mending the interface', () => {
  it('is nothing where all is as planned', () => {
    expect(mendsFor(PLAN, state(), true)).toEqual({
      making: [],
      commands: [],
      words: [],
      awaited: [],
      settled: [],
    });
  });

  it('begins with making it where there is none, quiet on IPv6 where the kernel has that', () => {
    const none = state({ link: undefined, ways: new Map() });
    expect(mendsFor(PLAN, none, true).making).toEqual(['link add dns0 type dummy']);
    expect(mendsFor(PLAN, none, true).commands[0]).toBe('link set dev dns0 addrgenmode none');
    expect(mendsFor(PLAN, none, false).commands[0]).toBe('link set dev dns0 up');
  });

  it('leaves the routes of the kernel alone where the node has no address', () => {
    const nodeAddresses = { 4: undefined, 6: undefined };
    const ways = new Map([
      ['10.96.0.10', way('10.96.0.10')],
      ['fd00::a', way('fd00::a', 0)],
    ]);
    expect(commands({ nodeAddresses, ways })).toEqual([]);
  });

  it('takes an IPv4 source away that the node may have lost', () => {
    expect(commands({ nodeAddresses: { ...NODE, 4: undefined } })).toEqual([
      'route del local 10.96.0.10 table local dev dns0 proto kernel scope host src 192.0.2.1',
    ]);
  });

  it("puts our IPv4 route in front of the kernel's, and in the place of our own", () => {
    const route = 'local 10.96.0.10 table local dev dns0 proto kernel scope host src 192.0.2.1';
    expect(withSource('10.96.0.10')).toEqual([`route prepend ${route}`]);
    expect(withSource('192.0.2.9')).toEqual([`route replace ${route}`]);
  });

  it('does not put an IPv4 route twice when ours has outlived its address', () => {
    const link = { kind: 'dummy', up: true, addresses: [held('fd00::a')], ports: [] };
    expect(commands({ link })).toEqual(['address add 10.96.0.10/32 dev dns0 scope host']);
  });

  it('waits for the IPv6 route of the kernel where it will come, and takes it away where it is', () => {
    const link = { kind: 'dummy', up: true, addresses: [held('10.96.0.10')], ports: [] };
    expect(mendsFor(PLAN, state({ link }), true)).toMatchObject({ awaited: ['fd00::a'], settled: [] });
    const ways = new Map([...state().ways, ['fd00::a', way('fd00::a', 0)] as const]);
    expect(mendsFor(PLAN, state({ ways }), true)).toMatchObject({ awaited: [], settled: ['fd00::a'] });
  });

  it.each([
    {
      name: 'of another type',
      link: { kind: 'veth', ports: [] },
      message: 'the interface dns0 is a veth, expected was a dummy',
    },
    {
      name: 'of hardware',
      link: { kind: undefined, ports: [] },
      message: 'is a device of another type, expected was a dummy',
    },
    { name: 'with ports', link: { kind: 'dummy', ports: ['eth1'] }, message: 'has ports (eth1)' },
  ])('is refused for one $name', ({ link, message }) => {
    const found = { up: true, addresses: [], ...link };
    expect(() => mendsFor(PLAN, state({ link: found }), true)).toThrow(message);
  });
});
