import { describe, expect, it } from 'vitest';
import { makeQuery } from '../support/query.ts';
import { fakeSurroundings, generationOf } from './make-generation.ts';

describe('a configuration that cannot be', () => {
  it.each([
    {
      what: 'another transport',
      corefile: '. {\n whoami\n}\ntls://example.org {\n whoami\n}',
      error: 'Corefile:4 - cannot serve tls://example.org.:853 - only dns:// is served here',
    },
    {
      what: 'HTTPS with a port',
      corefile: 'https://example.org:8443 {\n whoami\n}',
      error: 'Corefile:1 - cannot serve https://example.org.:8443 - only dns:// is served here',
    },
    {
      what: 'a key that is no zone',
      corefile: '\n\na..b {\n whoami\n}',
      error: 'Corefile:3 - error inspecting server blocks: zone is not a valid domain name: a..b',
    },
    {
      what: 'a key whose port is none',
      corefile: '.:99999 {\n whoami\n}',
      error: 'Corefile:1 - error inspecting server blocks: address 99999: invalid port',
    },
    {
      what: 'a directive of CoreDNS that is not here',
      corefile: '. {\n whoami\n route53\n}',
      error:
        "Corefile:3 - no action found for directive 'route53' with server type 'dns' (missing a plugin?): this is a cache and holds no zones: forward the zone to the server that holds it, or write single names with hosts or template",
    },
    {
      what: 'an option that is wrong, which says so itself',
      corefile: '. {\n cache {\n  servfail 1h\n }\n}',
      error:
        'plugin/cache: Corefile:3 - Error during parsing: caching SERVFAIL responses over 5 minutes is not permitted',
    },
    {
      what: 'a value that is wrong, which knows no place',
      corefile: '. {\n\n health 8080\n}',
      error: 'plugin/health: Corefile:3 - address 8080: missing port in address',
    },
    {
      what: 'blocks of which none has an address',
      corefile:
        'a.test {\n bind 127.0.0.1 {\n  except 127.0.0.1\n }\n whoami\n}\nb.test {\n bind ::1 {\n  except ::1\n }\n whoami\n}',
      error: 'no server block listens anywhere: their bind lines leave no address',
    },
    {
      what: 'a plugin twice',
      corefile: '. {\n cache\n cache\n}',
      error: 'plugin/cache: Corefile:2 - this plugin can only be used once per Server Block',
    },
  ])('is refused with file and line: $what', ({ corefile, error }) => {
    expect(() => generationOf(corefile)).toThrow(new Error(error));
  });

  it('opens nothing and leaves no timer', () => {
    const generation = generationOf('. {\n cache\n loop\n health :0\n forward . 127.0.0.1:1\n}');
    expect(generation.hooks.start.length).toBeGreaterThan(0);
    expect(generation.routes.map(({ path }) => path)).toEqual(['/health']);
  });
});

const corefile = (cache: string, keys = '.', more = ''): string =>
  `${keys} {\n ${more}\n cache ${cache}\n template ANY ANY {\n answer "{{ .Name }} 60 IN A 192.0.2.1"\n }\n}`;

/** Whether the second configuration answers from the cache of the first. */
async function isKept(before: string, after: string): Promise<boolean> {
  const surroundings = fakeSurroundings();
  const first = generationOf(before, surroundings);
  const server = first.groups[0].identity;
  await first.groups[0].handler.ask(makeQuery('a.test.', 'A', { server }));
  const second = generationOf(after, surroundings, first);
  const group = second.groups.find(({ identity }) => identity === server);
  const outcome = await group?.handler.ask(makeQuery('a.test.', 'A', { server }));
  return outcome !== undefined && 'source' in outcome && outcome.source === 'cache';
}

const bound = (address: string): string => corefile('30', '.', `bind ${address}`);

describe('the state of a configuration', () => {
  it('the answers in the cache live on where block and cache line stay', async () => {
    expect(await isKept(corefile('30'), corefile('30'))).toBe(true);
    expect(await isKept(corefile('30'), `b.test {\n whoami\n}\n${corefile('30', '.', 'errors')}`)).toBe(true);
    expect(await isKept(corefile('30'), corefile('30', '.', 'debug'))).toBe(true);
  });

  it.each([
    { what: 'another TTL', after: corefile('31') },
    { what: 'another option', after: corefile('30 {\n keepttl\n }') },
    { what: 'other zones', after: corefile('30 test') },
    { what: 'another disabled zone', after: corefile('30 {\n disable success b.test\n }') },
    { what: 'another key', after: corefile('30', '. c.test') },
  ])('and begin anew with $what', async ({ after }) => {
    expect(await isKept(corefile('30'), after)).toBe(false);
  });

  it('and begin anew on another address', async () => {
    expect(await isKept(bound('127.0.0.1'), bound('127.0.0.1'))).toBe(true);
    expect(await isKept(bound('127.0.0.1'), bound('127.0.0.1 ::1'))).toBe(false);
  });

  it('two blocks have a cache each, however alike', async () => {
    const generation = generationOf(`${corefile('30', 'a.test')}\n${corefile('30', 'b.test')}`);
    expect(new Set(generation.carried.values()).size).toBe(2);
  });
});
