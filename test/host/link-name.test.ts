import { describe, expect, it } from 'vitest';
import { checkLinkName } from '../../src/host/link-name.ts';

describe('the name of the interface', () => {
  it.each(['nodelocaldns', 'a', 'dns0.v6', 'fifteen-octets1', '_x'])('may be %s', (name) => {
    expect(checkLinkName(name)).toBe(name);
  });

  it.each(['', 'sixteen-octets-1', 'a b', 'a\nb', 'a/b', '..', '-x', 'größe', 'a:1', 'a"b'])(
    'may not be %j, and it is said what may',
    (name) => {
      expect(() => checkLinkName(name)).toThrow(
        `-interfacename: ${JSON.stringify(name)} is no name for an interface: expected 1 to 15 letters`,
      );
    },
  );
});
