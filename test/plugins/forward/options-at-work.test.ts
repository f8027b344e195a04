/**
 * Options of `forward` that reach down to sockets, from the text of the Corefile to what an upstream on loopback sees. Those of which handler and
 * upstreams see more are tested there; what they may say is in `options.test.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RD } from '../../../src/wire/header.ts';
import { eventually } from '../../support/eventually.ts';
import { drop, later, reply } from '../../support/scripted-upstream.ts';
import type { ReceivedQuery, ScriptedAction, ScriptedUpstream } from '../../support/scripted-upstream.ts';
import { selfSigned } from '../../support/self-signed.ts';
import { tempFile } from '../../support/temp-file.ts';
import { serve, setUpLine, startLine } from './set-up-line.ts';
import type { SetUpLine } from './set-up-line.ts';

const line = (upstream: ScriptedUpstream, lines: string): Promise<SetUpLine> =>
  startLine(`forward . 127.0.0.1:${upstream.port} {\n ${lines}\n}`);

const checksOf = ({ queries }: ScriptedUpstream): ReceivedQuery[] =>
  queries.filter(({ type }) => type === 'NS');

describe('policy', () => {
  it.each([
    { policy: 'sequential', first: [0, 0, 0, 0] },
    { policy: 'round_robin', first: [1, 2, 0, 1] },
  ])('$policy: the upstreams that four questions go to are $first', async ({ policy, first }) => {
    const upstreams = await Promise.all([0, 1, 2].map(() => serve(() => reply({}))));
    const to = upstreams.map(({ port }) => `127.0.0.1:${port}`).join(' ');
    const { ask } = setUpLine(`forward . ${to} {\n policy ${policy}\n}`);
    const seen: number[] = [];
    for (const upstream of upstreams) {
      upstream.script = () => {
        seen.push(upstreams.indexOf(upstream));
        return reply({});
      };
    }
    for (let i = 0; i < 4; i++) await ask(`${i}.test.`);
    expect(seen).toEqual(first);
  });

  it('random, as without it: each of them is the first of some', async () => {
    const upstreams = await Promise.all([0, 1].map(() => serve(() => reply({}))));
    const to = upstreams.map(({ port }) => `127.0.0.1:${port}`).join(' ');
    const { ask } = setUpLine(`forward . ${to}`);
    // All of one would be once in 10^30 times.
    for (let i = 0; i < 100; i++) await ask(`${i}.test.`);
    expect(Math.min(...upstreams.map(({ queries }) => queries.length))).toBeGreaterThan(0);
  });
});

describe('health checks', () => {
  const failing = 'read_timeout 20ms\n max_connect_attempts 1';

  it('come for `health_check`, over UDP, with RD, for the root', async () => {
    const upstream = await serve(({ type }) => (type === 'NS' ? reply({}) : drop()));
    const { ask } = await line(upstream, failing);
    await ask();
    await eventually(() => checksOf(upstream).length > 0);
    expect(checksOf(upstream)[0]).toMatchObject({ name: '.', transport: 'udp', hasOpt: false });
    expect(checksOf(upstream)[0].flags & RD).toBe(RD);
  });

  it('come for another name and without RD where it says so', async () => {
    const upstream = await serve(({ type }) => (type === 'NS' ? reply({}) : drop()));
    const { ask } = await line(upstream, `${failing}\n health_check 1s no_rec domain check.test`);
    await ask();
    await eventually(() => checksOf(upstream).length > 0);
    expect(checksOf(upstream)[0].name).toBe('check.test.');
    expect(checksOf(upstream)[0].flags & RD).toBe(0);
  });

  it('come over TCP with `force_tcp`', async () => {
    const upstream = await serve(({ type }) => (type === 'NS' ? reply({}) : drop()));
    const { ask } = await line(upstream, `${failing}\n force_tcp`);
    await ask();
    await eventually(() => checksOf(upstream).length > 0);
    expect(checksOf(upstream)[0].transport).toBe('tcp');
  });

  it.each([
    { interval: '20ms', again: true },
    { interval: '1h', again: false },
  ])('come again after $interval', async ({ interval, again }) => {
    // Nobody listens, so a check fails at once.
    const gone = await serve(() => drop());
    const { ask, context } = await line(gone, `health_check ${interval}\n max_connect_attempts 1`);
    await gone.close();
    await ask();
    const failures = (): number =>
      context.metrics.value(
        'coredns_proxy_healthcheck_failures_total',
        'forward',
        `127.0.0.1:${gone.port}`,
      ) ?? 0;
    await eventually(() => failures() >= (again ? 3 : 1));
    await delay(100);
    expect(failures() >= 3).toBe(again);
  });

  it.each([
    { maxFails: 0, checks: false, down: false },
    { maxFails: 1, checks: true, down: true },
    { maxFails: 1000, checks: true, down: false },
  ])('find an upstream down with `max_fails $maxFails`: $down', async ({ maxFails, checks, down }) => {
    const gone = await serve(() => drop());
    const { ask, context } = await line(
      gone,
      `max_fails ${maxFails}\n health_check 5ms\n max_connect_attempts 1\n failfast_all_unhealthy_upstreams`,
    );
    await gone.close();
    const reasons = new Set<unknown>();
    for (let i = 0; i < 20 && !reasons.has('no healthy proxies'); i++) {
      reasons.add(Reflect.get(await ask(`${i}.test.`), 'reason'));
      await delay(10);
    }
    expect(reasons.has('no healthy proxies')).toBe(down);
    const label = `127.0.0.1:${gone.port}`;
    const failures = context.metrics.value('coredns_proxy_healthcheck_failures_total', 'forward', label);
    expect((failures ?? 0) > 0).toBe(checks);
  });
});

const answer = (): ScriptedAction => reply({});

describe('connections', () => {
  it('are closed when they were idle for `expire`', async () => {
    const [short, long] = await Promise.all([serve(answer), serve(answer)]);
    await (await line(short, 'force_tcp\n expire 100ms')).ask();
    await (await line(long, 'force_tcp\n expire 1h')).ask();
    await short.waitForConnections(0);
    expect([short.accepted, long.accepted, long.connections]).toEqual([1, 1, 1]);
  });

  it.each([
    { maxAge: '200ms', renewed: true },
    { maxAge: '0', renewed: false },
  ])(
    'take no more questions when they are as old as `max_age $maxAge`, idle or not',
    async ({ maxAge, renewed }) => {
      const upstream = await serve(answer);
      const { ask } = await line(upstream, `force_tcp\n expire 200ms\n max_age ${maxAge}`);
      for (let i = 0; i < 40; i++) {
        await ask(`${i}.test.`);
        await delay(10);
      }
      expect(upstream.accepted > 1).toBe(renewed);
    },
  );

  it.each([
    { lines: 'max_idle_conns 1', kept: 1 },
    { lines: '', kept: 3 },
  ])('that are idle are $kept with "$lines"', async ({ lines, kept }) => {
    const gate = Promise.withResolvers<void>();
    const upstream = await serve(() => later(gate.promise, reply({})));
    const { ask } = await line(upstream, `force_tcp\n ${lines}`);
    const answers = Promise.all([0, 1, 2, 3, 4, 5].map((i) => ask(`${i}.test.`)));
    // Two questions on each.
    await upstream.waitForQueries(6);
    gate.resolve();
    await answers;
    await upstream.waitForConnections(kept);
    expect(upstream.accepted).toBe(3);
  });
});

describe('tls', () => {
  const theirs = selfSigned('dns.test');
  const ours = selfSigned('us.test');
  const files = { CA: theirs.cert, CERT: ours.cert, KEY: ours.key };

  it.each([
    { what: 'authority, certificate and key', lines: 'tls CERT KEY CA\n tls_servername dns.test', rcode: 0 },
    { what: 'no certificate of ours', lines: 'tls CA\n tls_servername dns.test', rcode: 2 },
    { what: 'no authority for theirs', lines: 'tls CERT KEY\n tls_servername dns.test', rcode: 2 },
    { what: 'another name', lines: 'tls CERT KEY CA\n tls_servername other.test', rcode: 2 },
    { what: 'no name', lines: 'tls CERT KEY CA', rcode: 2 },
  ])('with $what: $rcode', async ({ lines, rcode }) => {
    const upstream = await serve(() => reply({}), { tls: { ...theirs, ca: ours.cert } });
    const withFiles = Object.entries(files).reduce(
      (text, [word, content]) => text.replace(new RegExp(`\\b${word}\\b`), tempFile(content)),
      lines,
    );
    const { ask } = await startLine(
      `forward . tls://127.0.0.1:${upstream.port} {\n ${withFiles}\n max_connect_attempts 1\n max_fails 0\n}`,
    );
    expect(await ask()).toMatchObject({ rcode });
    expect(upstream.queries).toHaveLength(rcode === 0 ? 1 : 0);
  });
});
