import { describe, expect, it } from 'vitest';
import { fakeSurroundings, generationOf } from './make-generation.ts';

/** `label: zone zone`, server by server. */
const layoutOf = (corefile: string): string[] =>
  generationOf(corefile).groups.map(
    ({ identity, table }) => `${identity.label}: ${[...table.zones()].map(({ text }) => text).join(' ')}`,
  );

describe('servers', () => {
  it.each([
    { what: 'one for all addresses', corefile: '. {\n whoami\n}', servers: ['dns://:53: .'] },
    {
      what: 'one for each port',
      corefile: '.:1053 a.test:1054 {\n whoami\n}',
      servers: ['dns://:1053: .', 'dns://:1054: a.test.'],
    },
    {
      what: 'one for each address',
      corefile: '. {\n bind 127.0.0.1 ::1\n whoami\n}',
      servers: ['dns://127.0.0.1:53: .', 'dns://[::1]:53: .'],
    },
    {
      what: 'shared by the blocks on the same address',
      corefile: '. {\n bind 127.0.0.1\n whoami\n}\na.test {\n bind 127.0.0.1\n whoami\n}',
      servers: ['dns://127.0.0.1:53: . a.test.'],
    },
    {
      what: 'the same zone on two addresses',
      corefile: '. {\n bind 127.0.0.1\n whoami\n}\n. {\n bind 127.0.0.2\n whoami\n}',
      servers: ['dns://127.0.0.1:53: .', 'dns://127.0.0.2:53: .'],
    },
    {
      what: 'the same zone on two ports',
      corefile: '.:53 {\n whoami\n}\n.:54 {\n bind 127.0.0.1\n whoami\n}',
      servers: ['dns://:53: .', 'dns://127.0.0.1:54: .'],
    },
    {
      what: 'none for a block that excepts all its addresses',
      corefile:
        '. {\n bind 127.0.0.1 {\n except 127.0.0.1\n }\n whoami\n}\na.test {\n bind 127.0.0.2\n whoami\n}',
      servers: ['dns://127.0.0.2:53: a.test.'],
    },
  ])('$what', ({ corefile, servers }) => {
    expect(layoutOf(corefile).toSorted()).toEqual(servers.toSorted());
  });

  it.each([
    {
      what: 'a zone in two blocks',
      corefile: '. {\n whoami\n}\n\n. {\n whoami\n}',
      error: 'Corefile:5 - cannot serve dns://.:53 - it is already defined',
    },
    {
      what: 'a zone twice in one block',
      corefile: 'a.test A.TEST {\n whoami\n}',
      error: 'Corefile:1 - cannot serve dns://a.test.:53 - it is already defined',
    },
    {
      what: 'a zone in two blocks on one address',
      corefile: '. {\n bind ::1\n whoami\n}\n. {\n bind ::1\n whoami\n}',
      error: 'Corefile:5 - cannot serve dns://.:53 on ::1 - it is already defined',
    },
    {
      what: 'a zone on all addresses and on one',
      corefile: '. {\n whoami\n}\n. {\n bind 127.0.0.1\n whoami\n}',
      error:
        'Corefile:4 - cannot serve dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53',
    },
    {
      what: 'a zone on one address and on all',
      corefile: 'a.test {\n bind 127.0.0.1\n whoami\n}\n. {\n whoami\n}\na.test {\n whoami\n}',
      error:
        'Corefile:8 - cannot serve dns://a.test.:53 - zone overlap listener capacity with dns://a.test.:53 on 127.0.0.1',
    },
  ])('$what is refused, with its place', ({ corefile, error }) => {
    expect(() => generationOf(corefile)).toThrow(new Error(error));
  });

  it('limit connections by what their blocks say, the last one that says something', () => {
    const { groups } = generationOf(
      '. {\n timeouts {\n  idle 20\n  read 5s\n }\n}\na.test {\n timeouts {\n  idle 1m\n }\n}\nb.test {\n whoami\n}',
    );
    expect(groups.map(({ tcpLimits }) => tcpLimits)).toEqual([
      { messageMs: 5_000, idleMs: 60_000, stalledMs: 5_000, maxQueries: Infinity },
    ]);
  });

  it('keep their identity from one configuration to the next', () => {
    const surroundings = fakeSurroundings();
    const first = generationOf('. {\n whoami\n}', surroundings);
    const second = generationOf('a.test:54 {\n whoami\n}\n. {\n whoami\n}', surroundings, first);
    const identities = second.groups.map(({ identity }) => identity);
    expect(identities).toContain(first.groups[0].identity);
    expect(new Set(identities.map(({ index }) => index)).size).toBe(2);
  });

  it('are known to the blocks that they serve', () => {
    const { blocks } = generationOf('. {\n bind 127.0.0.1 ::1\n whoami\n}\na.test {\n bind ::1\n whoami\n}');
    expect(blocks.map(({ servers }) => servers.map(({ label }) => label))).toEqual([
      ['dns://127.0.0.1:53', 'dns://[::1]:53'],
      ['dns://[::1]:53'],
    ]);
  });
});
