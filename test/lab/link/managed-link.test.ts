import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/host/host-error.ts';
import { ManagedLink } from '../../../src/host/managed-link.ts';
import { requireLab } from '../support/namespace.ts';
import type { Namespace } from '../support/namespace.ts';
import {
  ADDRESSES,
  CLUSTER,
  NAME,
  NODE,
  addressesOn,
  hostWithUplink,
  linkOn,
  localRoutes,
  loneHost,
  planFor,
  sourceTo,
  toolsOf,
} from './link-host.ts';

const { available, reason } = requireLab();

const PREFIXES: readonly string[] = ['169.254.20.10/32', '10.96.0.10/32', 'fd00:10::a/128'];

const SEE = `${import.meta.dirname}/see.ts`;

const exists = (host: Namespace, device: string = NAME): boolean =>
  host.succeeds('ip', 'link', 'show', 'dev', device);

/** The error of something that must fail. */
const failureOf = async (promise: Promise<unknown>): Promise<HostError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HostError);
  return error as HostError;
};

describe.skipIf(!available)(`the interface on a host ${reason}`, () => {
  it('is made, up, with single addresses of both families and nothing else', async () => {
    const { node } = hostWithUplink();

    expect(await linkOn(node).ensure()).toEqual(expect.arrayContaining([`made the bridge ${NAME}`]));

    expect(addressesOn(node).toSorted()).toEqual(PREFIXES.toSorted());
    expect(node.run('ip', 'link', 'show', 'dev', NAME)).toMatch(/[<,]UP[,>]/);
    expect(node.run('ip', '-6', 'address', 'show', 'dev', NAME)).not.toContain('tentative');
  });

  it('is of type dummy where the kernel has it; where it has not, that is said with the way round', async (context) => {
    const node = loneHost();
    const link = new ManagedLink(planFor(ADDRESSES, 'dummy'), toolsOf(node));
    if (node.succeeds('ip', 'link', 'add', 'probe', 'type', 'dummy')) {
      await link.ensure();
      expect(node.run('ip', '-details', 'link', 'show', 'dev', NAME)).toContain('dummy');
      return;
    }
    const error = await failureOf(link.ensure());
    expect(error).toMatchObject({ code: 'unsupported', about: 'interface' });
    expect(error.message).toContain('--interface-type bridge');
    await context.annotate('this kernel has no dummy module: only the refusal was tried');
  });

  it('only looks when all is as planned', async () => {
    const { node } = hostWithUplink();
    const calls: string[] = [];
    const link = new ManagedLink(planFor(ADDRESSES), toolsOf(node, calls));
    await link.ensure();
    calls.length = 0;

    expect(await link.ensure()).toEqual([]);
    expect(calls.every((call) => call.includes('-json'))).toBe(true);
    // For a dummy it is one process; a bridge is also asked for its ports.
    expect(calls).toHaveLength(2);
  });

  const damages: readonly { name: string; damage: (node: Namespace) => void; isSeen: boolean }[] = [
    { name: 'is deleted', damage: (node) => node.run('ip', 'link', 'delete', NAME), isSeen: true },
    { name: 'is set down', damage: (node) => node.run('ip', 'link', 'set', NAME, 'down'), isSeen: true },
    {
      name: 'is set down and up again, which takes its IPv6 addresses',
      damage: (node) => {
        node.run('ip', 'link', 'set', NAME, 'down');
        node.run('ip', 'link', 'set', NAME, 'up');
      },
      isSeen: true,
    },
    {
      name: 'is replaced by another one of its name',
      damage: (node) => {
        node.run('ip', 'link', 'delete', NAME);
        node.run('ip', 'link', 'add', NAME, 'type', 'bridge');
        node.run('ip', 'link', 'set', NAME, 'up');
      },
      isSeen: true,
    },
    {
      name: 'loses its IPv6 address',
      damage: (node) => node.run('ip', 'address', 'del', 'fd00:10::a/128', 'dev', NAME),
      isSeen: true,
    },
    {
      name: 'loses an IPv4 address',
      damage: (node) => node.run('ip', 'address', 'del', '10.96.0.10/32', 'dev', NAME),
      isSeen: false,
    },
    {
      name: 'gets its IPv6 address anew, with the route of the kernel',
      damage: (node) => {
        node.run('ip', 'address', 'del', 'fd00:10::a/128', 'dev', NAME);
        node.run('ip', 'address', 'add', 'fd00:10::a/128', 'dev', NAME, 'nodad');
      },
      isSeen: false,
    },
    {
      name: 'loses its local routes',
      damage: (node) => {
        node.run('ip', 'route', 'flush', 'table', 'local', 'dev', NAME);
        node.run('ip', '-6', 'route', 'flush', 'table', 'local', 'dev', NAME);
      },
      isSeen: false,
    },
  ];
  it.each(damages)('is mended when it $name', async ({ damage, isSeen }) => {
    const { node } = hostWithUplink();
    const link = linkOn(node);
    await link.ensure();
    expect(link.seemsWhole()).toBe(true);

    damage(node);
    expect(link.seemsWhole()).toBe(!isSeen);

    expect(await link.ensure()).not.toEqual([]);
    expect(addressesOn(node).toSorted()).toEqual(PREFIXES.toSorted());
    for (const address of ADDRESSES) {
      expect(node.run('ip', 'route', 'get', address)).toMatch(/^local /);
      expect(sourceTo(node, address)).toBe(NODE[address.includes(':') ? 6 : 4]);
    }
    expect(link.seemsWhole()).toBe(true);
    expect(await link.ensure()).toEqual([]);
  });

  it('does not seem whole before it was made, and after it was removed', async () => {
    const node = loneHost();
    const link = linkOn(node);
    expect(link.seemsWhole()).toBe(false);
    await link.ensure();
    await link.remove();
    expect(link.seemsWhole()).toBe(false);
  });

  it('is seen by a process that runs on that host, as it is for the guard', () => {
    const node = loneHost();
    expect(node.run(process.execPath, SEE, CLUSTER[4]).trim()).toBe('false true false');
  });

  it('does not seem to be gone only because /sys shows another host', () => {
    const node = loneHost();
    const [, , , name] = node.prefix;
    const see = (address: string): string =>
      execFileSync('nsenter', [`--net=/run/netns/${name}`, process.execPath, SEE, address], {
        encoding: 'utf8',
      }).trim();
    expect(see(CLUSTER[4])).toBe('false true true');
    // /proc/net is always that of the process.
    expect(see(CLUSTER[6])).toBe('false true false');
  });

  it('loses addresses that a former plan left, with their routes', async () => {
    const { node } = hostWithUplink();
    await linkOn(node, [...ADDRESSES, '10.96.0.99', 'fd00:10::99']).ensure();

    await linkOn(node).ensure();

    expect(addressesOn(node).toSorted()).toEqual(PREFIXES.toSorted());
    expect(localRoutes(node, '10.96.0.99')).toBe('');
    expect(localRoutes(node, 'fd00:10::99')).toBe('');
  });

  it('takes over what node-cache left: down, with plain addresses', async () => {
    const { node } = hostWithUplink();
    node.run('ip', 'link', 'add', NAME, 'type', 'bridge');
    for (const prefix of [...PREFIXES, '169.254.20.99/32']) {
      // Its dummy knows no neighbours, and so no duplicate addresses; a bridge would look for them.
      node.run('ip', 'address', 'add', prefix, 'dev', NAME, ...(prefix.includes(':') ? ['nodad'] : []));
    }

    const link = linkOn(node);
    const words = await link.ensure();

    expect(words).toContain(`set ${NAME} up`);
    expect(words).not.toContain(`made the bridge ${NAME}`);
    expect(addressesOn(node).toSorted()).toEqual(PREFIXES.toSorted());
    expect(sourceTo(node, CLUSTER[4])).toBe(NODE[4]);
    expect(sourceTo(node, CLUSTER[6])).toBe(NODE[6]);
    expect(node.run('ip', 'address', 'show', 'dev', NAME, 'to', CLUSTER[4])).toContain('scope host');
    expect(node.run('ip', 'address', 'show', 'dev', NAME, 'to', CLUSTER[6])).toContain('deprecated');
    expect(await link.ensure()).toEqual([]);
  });

  it('is removed, and then there is nothing to remove', async () => {
    const node = loneHost();
    const link = linkOn(node);
    await link.ensure();
    await link.remove();
    expect(exists(node)).toBe(false);
    await link.remove();
  });

  const strangers: readonly { name: string; make: readonly (readonly string[])[]; found: string }[] = [
    {
      name: 'of another type',
      make: [['link', 'add', NAME, 'type', 'veth']],
      found: 'is a veth, expected was a bridge',
    },
    {
      name: 'with ports',
      make: [
        ['link', 'add', NAME, 'type', 'bridge'],
        ['link', 'add', 'port0', 'type', 'veth'],
        ['link', 'set', 'port0', 'master', NAME],
      ],
      found: 'has ports (port0)',
    },
    {
      name: 'with a network on it',
      make: [
        ['link', 'add', NAME, 'type', 'bridge'],
        ['address', 'add', '172.17.0.1/16', 'dev', NAME],
      ],
      found: 'has 172.17.0.1/16',
    },
  ];
  it.each(strangers)('is neither used nor removed when it is one $name', async ({ make, found }) => {
    const node = loneHost();
    for (const command of make) node.run('ip', ...command);
    const before = node.run('ip', 'address');

    const error = await failureOf(linkOn(node).ensure());
    expect(error.code).toBe('conflict');
    expect(error.message).toContain(found);
    await linkOn(node).remove();

    expect(node.run('ip', 'address')).toBe(before);
  });

  it.each([CLUSTER[4], CLUSTER[6]])('refuses %s while another interface holds it', async (address) => {
    const node = loneHost();
    node.run('ip', 'link', 'add', 'other0', 'type', 'bridge');
    node.run('ip', 'address', 'add', address, 'dev', 'other0');

    const error = await failureOf(linkOn(node).ensure());

    expect(error.code).toBe('conflict');
    expect(error.message).toBe(`${address} is already held by the interface other0`);
    expect(exists(node)).toBe(false);
  });

  it("says that kube-proxy runs in IPVS mode when the address is on kube-proxy's interface", async () => {
    const node = loneHost();
    node.run('ip', 'link', 'add', 'kube-ipvs0', 'type', 'bridge');
    node.run('ip', 'address', 'add', '10.96.0.10/32', 'dev', 'kube-ipvs0');

    const error = await failureOf(linkOn(node).ensure());
    expect(error.code).toBe('conflict');
    expect(error.message).toMatch(/IPVS mode.*link-local address only/);

    // As advised there.
    await linkOn(node, ['169.254.20.10']).ensure();
    expect(addressesOn(node)).toEqual(['169.254.20.10/32']);
  });

  it('leaves nothing behind when it cannot have all of its addresses', async () => {
    const node = loneHost();
    node.run('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1');

    const error = await failureOf(linkOn(node).ensure());

    expect(error.code).toBe('unsupported');
    expect(error.message).toContain('IPv6 is switched off');
    expect(exists(node)).toBe(false);
  });

  it('says that NET_ADMIN is missing', async () => {
    const node = loneHost();
    const tools = toolsOf(node);
    const powerless: typeof tools = (about, { command, args, ...rest }) =>
      tools(about, {
        ...rest,
        command: 'setpriv',
        args: ['--bounding-set=-net_admin', '--inh-caps=-net_admin', '--', command, ...args],
      });

    const error = await failureOf(new ManagedLink(planFor(ADDRESSES), powerless).ensure());

    expect(error.code).toBe('permission');
    expect(error.message).toContain('NET_ADMIN');
  });
});
