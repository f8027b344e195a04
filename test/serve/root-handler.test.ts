import { describe, expect, it } from 'vitest';
import type { Handler } from '../../src/chain/handler.ts';
import { Failure } from '../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import type { Block } from '../../src/serve/block.ts';
import { defaultSettings } from '../../src/serve/block.ts';
import { RootHandler } from '../../src/serve/root-handler.ts';
import { ZoneTable } from '../../src/serve/zone-match.ts';
import { makeQuery } from '../support/query.ts';
import type { QueryOverrides } from '../support/query.ts';
import { zonesOf } from '../support/setup-context.ts';
import { fakeSurroundings } from './make-generation.ts';
import type { FakeSurroundings } from './make-generation.ts';

const SERVER = { index: 0, label: 'dns://:53' };
const REFUSED_BY_PLUGIN = new Failure(5, 'by the block', 'test');

interface Root {
  readonly around: FakeSurroundings;
  readonly load: { inFlight: number };
  readonly asked: Query[];
  readonly ask: (name: string, type?: string, overrides?: QueryOverrides) => Pending;
}

/** A server for `example.org.`, whose block does this; with an upstream, if it forwards. */
function root(script: ((query: Query) => Pending) | undefined, forwards = false): Root {
  const around = fakeSurroundings();
  const load = { inFlight: 0 };
  const asked: Query[] = [];
  const [zone] = zonesOf('example.org.');
  const chain: Handler | undefined =
    script === undefined
      ? undefined
      : {
          name: 'test',
          ask(query) {
            asked.push(query);
            return script(query);
          },
        };
  const upstream = {
    label: '192.0.2.1:53',
    ask: () => Promise.resolve(),
    quarantine: () => undefined,
    release: () => undefined,
  };
  const block: Block = {
    label: 'example.org',
    place: 'Corefile:1',
    zones: [zone],
    ports: [53],
    settings: defaultSettings(),
    servers: [SERVER],
    facts: [],
    upstreams: forwards ? [upstream] : [],
    makers: [],
    chain,
  };
  const table = new ZoneTable<Block>();
  table.add(zone, block);
  const handler = new RootHandler(SERVER, table, load, around);
  return {
    around,
    load,
    asked,
    ask: (name, type = 'A', overrides = {}) =>
      handler.ask(makeQuery(name, type, { receivedMs: around.clock.nowMs(), ...overrides })),
  };
}

const serving = (forwards = false): Root => root(() => REFUSED_BY_PLUGIN, forwards);

const dropped = ({ around }: Root, type: string): number | undefined =>
  around.metrics.value('coredns_dns_requests_total', 'dns://:53', 'dropped', '', 'udp', '1', type);

describe('a query', () => {
  it('goes to the block of its zone, which it knows from then on', () => {
    const server = serving();
    expect(server.ask('a.example.org.')).toBe(REFUSED_BY_PLUGIN);
    expect(server.asked[0].zone.text).toBe('example.org.');
  });

  it('for no zone is refused, and counted as dropped', () => {
    const server = serving();
    expect(server.ask('example.net.')).toMatchObject({ rcode: 5, extendedError: { code: 20 } });
    expect(server.asked).toEqual([]);
    expect(dropped(server, 'A')).toBe(1);
    expect(
      server.around.metrics.value('coredns_dns_responses_total', 'dns://:53', 'dropped', '', 'REFUSED', ''),
    ).toBe(1);
  });

  it('for a block without handlers is refused', () => {
    expect(root(undefined).ask('example.org.')).toMatchObject({ rcode: 5, extendedError: { code: 21 } });
  });

  it.each(['OPT', 'TKEY', 'TSIG', 'IXFR', 'AXFR', 'MAILB', 'MAILA'])('for %s is refused', (type) => {
    const server = serving(true);
    expect(server.ask('example.org.', type)).toMatchObject({ rcode: 5, extendedError: { code: 21 } });
    expect(server.asked).toEqual([]);
  });

  it.each([
    { klass: 'IN', forwards: false, served: true },
    { klass: 'CH', forwards: true, served: true },
    { klass: 'HS', forwards: true, served: true },
    { klass: 'CH', forwards: false, served: false },
    { klass: 'ANY', forwards: true, served: false },
    { klass: 'NONE', forwards: true, served: false },
  ])(
    'of class $klass is served by a block that forwards ($forwards): $served',
    ({ klass, forwards, served }) => {
      const server = serving(forwards);
      void server.ask('example.org.', 'A', { class: klass });
      expect(server.asked).toHaveLength(served ? 1 : 0);
    },
  );
});

const bug = (): never => {
  throw new Error('a bug');
};

describe('a bug in a handler', () => {
  it.each([
    { how: 'throws', script: bug },
    { how: 'rejects', script: (): Pending => Promise.resolve().then(bug) },
  ])('costs its query, is counted, and logged with its stack: it $how', async ({ script }) => {
    const server = root(script);
    expect(await server.ask('example.org.')).toMatchObject({ rcode: 2, extendedError: { code: 0 } });
    expect(server.around.metrics.value('coredns_panics_total')).toBe(1);
    expect(server.around.log.lines.join('\n')).toMatch(
      /^error bug in a handler: Error: a bug\n.*root-handler\.test/,
    );
    expect(server.load.inFlight).toBe(0);
  });
});

it('queries that wait are in flight until they are answered', async () => {
  const slow = Promise.withResolvers<Outcome>();
  const server = root(() => slow.promise);
  const waiting = [server.ask('example.org.'), server.ask('a.example.org.')];
  expect(server.load.inFlight).toBe(2);
  slow.resolve(REFUSED_BY_PLUGIN);
  expect(await waiting[0]).toBe(REFUSED_BY_PLUGIN);
  await waiting[1];
  expect(server.load.inFlight).toBe(0);
});
