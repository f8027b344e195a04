import { describe, expect, it } from 'vitest';
import { KNOWN_DIRECTIVES, PLUGINS } from '../../src/plugins/index.ts';

/** CoreDNS 1.14's order, of the plugins that a Corefile of ours may name. */
const ORDER =
  `metadata timeouts multisocket reload bufsize bind debug ready health prometheus errors log dnstap local dns64 any loadbalance rewrite
  autopath acl cache minimal template hosts loop forward whoami`.split(/\s+/);

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
