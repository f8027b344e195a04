import { describe, expect, it } from 'vitest';
import { KNOWN_DIRECTIVES, PLUGINS } from '../../src/plugins/index.ts';

/** CoreDNS 1.14's order, of the plugins that a Corefile of ours may name. */
const ORDER =
  `metadata timeouts multisocket reload bufsize bind debug ready health prometheus errors log dnstap local dns64 any loadbalance rewrite
  autopath acl cache minimal template hosts loop forward whoami`.split(/\s+/);

/** What node-cache 1.26 is built with. */
const OF_NODE_CACHE =
  `bind bufsize cache debug dns64 dnstap errors forward health hosts loadbalance log loop metadata pprof prometheus reload rewrite template
  timeouts trace whoami`.split(/\s+/);

it('knows every directive of node-cache, and lacks two of them', () => {
  const names = new Set(PLUGINS.map(({ name }) => name));
  expect(OF_NODE_CACHE.filter((name) => !KNOWN_DIRECTIVES.has(name))).toEqual([]);
  expect(OF_NODE_CACHE.filter((name) => !names.has(name))).toEqual(['pprof', 'trace']);
});

describe('the order of plugins', () => {
  it('is the one of CoreDNS', () => {
    const names = PLUGINS.map(({ name }) => name);
    expect(names).toEqual(names.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)));
    expect(names.filter((name) => !ORDER.includes(name))).toEqual([]);
  });

  it('has every plugin once, under a name that CoreDNS knows', () => {
    const names = PLUGINS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !KNOWN_DIRECTIVES.has(name))).toEqual([]);
  });
});
