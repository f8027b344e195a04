import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { Failure, SILENCE } from '../../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { prometheus } from '../../../src/plugins/prometheus/setup.ts';
import { makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import { cursorOf, fakeContext, zonesOf } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

const ZONES = zonesOf('example.org.', '.');
const SERVER = { index: 0, label: 'dns://:53' };

interface Counting {
  readonly context: FakeContext;
  readonly handler: Handler;
  /** What the next handler gives back. */
  script: (query: Query) => Pending;
  readonly ask: (type?: string, overrides?: QueryOverrides) => Pending;
}

function setUp(text = 'prometheus'): Counting {
  const context = fakeContext({ zones: ZONES });
  const make = prometheus.setup(cursorOf(text), context);
  if (make === undefined) throw new Error('prometheus has a handler');
  const counting: Counting = {
    context,
    handler: make({ name: 'next', ask: (query) => counting.script(query) }),
    script: (query) => replyTo(query, {}, 'cache'),
    ask: (type = 'A', overrides = {}) =>
      counting.handler.ask(
        makeQuery('a.example.org.', type, {
          server: SERVER,
          zone: ZONES[0],
          receivedMs: context.clock.nowMs(),
          ...overrides,
        }),
      ),
  };
  return counting;
}

const REQUESTS = 'coredns_dns_requests_total';
const RESPONSES = 'coredns_dns_responses_total';
const zone = ['dns://:53', 'example.org.', ''];

describe('requests', () => {
  it.each([
    { what: 'UDP over IPv4', overrides: {}, labels: ['udp', '1', 'A'] },
    { what: 'TCP over IPv4', overrides: { transport: 'tcp' } as const, labels: ['tcp', '1', 'A'] },
    { what: 'UDP over IPv6', overrides: { clientAddress: '2001:db8::1' }, labels: ['udp', '2', 'A'] },
    {
      what: 'TCP over IPv6',
      overrides: { clientAddress: '2001:db8::1', transport: 'tcp' } as const,
      labels: ['tcp', '2', 'A'],
    },
  ])('are counted by transport and family: $what', async ({ overrides, labels }) => {
    const { ask, context } = setUp();
    await ask('A', overrides);
    await ask('A', overrides);
    expect(context.metrics.value(REQUESTS, ...zone, ...labels)).toBe(2);
  });

  it.each(
    'A AAAA CNAME DNSKEY DS MX NSEC3 NSEC NS PTR RRSIG SOA SRV TXT HTTPS SVCB IXFR AXFR ANY'.split(' '),
  )('have a label of their own for the type %s', async (type) => {
    const { ask, context } = setUp();
    await ask(type);
    expect(context.metrics.value(REQUESTS, ...zone, 'udp', '1', type)).toBe(1);
  });

  it.each(['TYPE65280', 'TYPE0', 'NAPTR', 'CAA', 'NULL', 'HINFO'])(
    'share one label for what clients may make up: %s',
    async (type) => {
      const { ask, context } = setUp();
      await ask(type);
      expect(context.metrics.value(REQUESTS, ...zone, 'udp', '1', 'other')).toBe(1);
      expect(context.metrics.value(REQUESTS, ...zone, 'udp', '1', type)).toBeUndefined();
    },
  );

  it('are counted for the zone and the server that they came to', async () => {
    const { ask, context } = setUp();
    await ask('A');
    await ask('A', { zone: ZONES[1] });
    await ask('A', { server: { index: 1, label: 'dns://127.0.0.1:53' } });
    const count = (server: string, text: string): number | undefined =>
      context.metrics.value(REQUESTS, server, text, '', 'udp', '1', 'A');
    expect(count('dns://:53', 'example.org.')).toBe(1);
    expect(count('dns://:53', '.')).toBe(1);
    expect(count('dns://127.0.0.1:53', 'example.org.')).toBe(1);
    // Series of zones that nobody asked for do not appear.
    expect(count('dns://127.0.0.1:53', '.')).toBeUndefined();
  });

  it('with DO are counted beside', async () => {
    const { ask, context } = setUp();
    await ask('A');
    expect(context.metrics.value('coredns_dns_do_requests_total', ...zone)).toBe(0);
    await ask('A', { dnssecOk: true });
    expect(context.metrics.value('coredns_dns_do_requests_total', ...zone)).toBe(1);
  });

  it('have a size, by transport', async () => {
    const { ask, context } = setUp();
    await ask('A');
    await ask('A', { edns: true, transport: 'tcp' });
    const sizes = (proto: string): readonly number[] | undefined =>
      context.metrics.observed('coredns_dns_request_size_bytes', ...zone, proto);
    // Header, name, type and class; and an OPT.
    expect([sizes('udp'), sizes('tcp')]).toEqual([[31], [42]]);
  });

  it('have a duration: from when they were read to when the outcome was there', async () => {
    const counting = setUp();
    const slow = Promise.withResolvers<Outcome>();
    counting.script = () => slow.promise;
    const pending = counting.ask('A');
    const durations = (): readonly number[] | undefined =>
      counting.context.metrics.observed('coredns_dns_request_duration_seconds', ...zone);
    counting.context.clock.advance(250);
    expect(durations()).toBeUndefined();
    slow.resolve(SILENCE);
    await pending;
    expect(durations()).toEqual([0.25]);
  });
});

describe('responses', () => {
  it.each<{ what: string; outcome: (query: Query) => Outcome; labels: string[] }>([
    { what: 'an answer', outcome: (query) => replyTo(query, {}, 'cache'), labels: ['NOERROR', 'cache'] },
    {
      what: 'a denial',
      outcome: (query) => replyTo(query, { rcode: 'NXDOMAIN' }, 'forward'),
      labels: ['NXDOMAIN', 'forward'],
    },
    {
      what: 'a failure, which the server writes',
      outcome: () => new Failure(2, 'no', 'forward'),
      labels: ['SERVFAIL', ''],
    },
    {
      what: 'rcode 16, as CoreDNS calls it',
      outcome: (query) => Object.assign(replyTo(query, {}, 'forward'), { rcode: 16 }),
      labels: ['BADSIG', 'forward'],
    },
    {
      what: 'an rcode without a name',
      outcome: (query) => Object.assign(replyTo(query, {}, 'forward'), { rcode: 3841 }),
      labels: ['RCODE3841', 'forward'],
    },
  ])('are counted by rcode and by who wrote them: $what', async ({ outcome, labels }) => {
    const counting = setUp();
    counting.script = outcome;
    await counting.ask();
    counting.script = (query) => Promise.resolve(outcome(query));
    await counting.ask();
    expect(counting.context.metrics.value(RESPONSES, ...zone, ...labels)).toBe(2);
  });

  it('have the size that was written, before it was fitted to the client; 0 for failures', async () => {
    const counting = setUp();
    await counting.ask();
    counting.script = () => new Failure(2, 'no', 'forward');
    await counting.ask();
    expect(counting.context.metrics.observed('coredns_dns_response_size_bytes', ...zone, 'udp')).toEqual([
      31, 0,
    ]);
  });

  it('that are silence are none, while the request was one', async () => {
    const counting = setUp();
    counting.script = () => SILENCE;
    await counting.ask();
    const { metrics } = counting.context;
    expect(metrics.value(REQUESTS, ...zone, 'udp', '1', 'A')).toBe(1);
    expect(metrics.observed('coredns_dns_response_size_bytes', ...zone, 'udp')).toEqual([]);
    expect(metrics.value(RESPONSES, ...zone, 'NOERROR', '')).toBeUndefined();
  });

  it('pass unchanged, at once where they are there at once', () => {
    const counting = setUp();
    counting.script = () => SILENCE;
    expect(counting.ask()).toBe(SILENCE);
  });
});

describe('the page', () => {
  it.each([
    { text: 'prometheus', address: 'localhost:9153' },
    { text: 'prometheus :9253', address: ':9253' },
    { text: 'prometheus 127.0.0.1:9253 {\n runtime_metrics\n}', address: '127.0.0.1:9253' },
  ])('shows all metrics of the process: $text', async ({ text, address }) => {
    const { context } = setUp(text);
    expect(context.routes).toMatchObject([{ address, path: '/metrics' }]);
    expect((await context.routes[0].answer()).body).toContain('coredns_dns_requests_total');
  });

  it.each([
    { text: 'prometheus :1 :2', error: "Wrong argument count or unexpected line ending after ':2'" },
    {
      text: 'prometheus {\n tls file\n}',
      error: "Corefile:2 - Error during parsing: unknown property 'tls'",
    },
    { text: 'prometheus 9253', error: 'address 9253: missing port in address' },
    { text: 'prometheus\nprometheus', error: 'this plugin can only be used once per Server Block' },
  ])('is refused: $text', ({ text, error }) => {
    expect(() => setUp(text)).toThrow(error);
  });
});
