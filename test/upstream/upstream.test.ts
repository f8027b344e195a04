import { describe, expect, it } from 'vitest';
import { CD, RD, readFlags, readId, rcodeOf } from '../../src/wire/header.ts';
import { FORMERR, SERVFAIL } from '../../src/wire/registry.ts';
import { isTruncated, replyStatus } from '../../src/upstream/reply-check.ts';
import { drop, reply } from '../support/scripted-upstream.ts';
import type { ReplySpec } from '../support/scripted-upstream.ts';
import { FakeClock } from '../support/setup-context.ts';
import { askFor, failureOf, lastOctet, openUpstream, serve } from './open-upstream.ts';

const HONEST: ReplySpec = { answers: ['@ 30 IN A 192.0.2.1'] };
const CUT: ReplySpec = { answers: ['@ 30 IN A 192.0.2.2'], truncated: true };
const DURATIONS = 'coredns_proxy_request_duration_seconds';

describe('a truncated reply over UDP', () => {
  it('is replaced by the answer over TCP', async () => {
    const server = await serve((query) => reply(query.transport === 'udp' ? CUT : HONEST));
    const message = await openUpstream(server).ask('www.example.org');
    expect(isTruncated(message)).toBe(false);
    expect(lastOctet(message)).toBe(1);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('is the result when the port is closed for TCP', async () => {
    const server = await serve(() => reply(CUT), { tcp: false });
    const message = await openUpstream(server).ask('www.example.org');
    expect(isTruncated(message)).toBe(true);
    expect(lastOctet(message)).toBe(2);
  });

  it('is the result when TCP does not answer in time', async () => {
    const server = await serve((query) => (query.transport === 'udp' ? reply(CUT) : drop()));
    const message = await openUpstream(server).ask('www.example.org', 'udp', 100);
    expect(isTruncated(message)).toBe(true);
  });

  it('is followed by one try over TCP, though that is truncated too', async () => {
    const server = await serve(() => reply(CUT));
    expect(isTruncated(await openUpstream(server).ask('www.example.org'))).toBe(true);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('counts also when it was cut in the middle of a record', async () => {
    const server = await serve(() => reply({ ...CUT, opt: false, cutOctets: 3 }), { tcp: false });
    const message = await openUpstream(server).ask('www.example.org');
    expect(isTruncated(message)).toBe(true);
    expect(message).toHaveLength(12 + 'www.example.org'.length + 2 + 4);
  });
});

it('three replies over UDP that do not match, and nothing over TCP, make the exchange fail by TCP', async () => {
  const server = await serve((query) => reply({ ...HONEST, name: `not-${query.name}` }), { tcp: false });
  const { ask } = openUpstream(server);
  server.script = (query) => ({
    kind: 'several',
    actions: [1, 2, 3].map(() => reply({ ...HONEST, name: `not-${query.name}` })),
  });
  expect((await failureOf(ask('www.example.org'))).code).toBe('refused');
});

describe('an upstream without EDNS', () => {
  it.each(['FORMERR', 'NOTIMP'])('that says %s is asked without it, for five minutes', async (rcode) => {
    const clock = new FakeClock();
    const server = await serve((query) => reply(query.hasOpt ? { rcode, opt: false } : HONEST));
    const { ask } = openUpstream(server, {}, clock);
    expect(lastOctet(await ask('a.test'), 0)).toBe(1);
    clock.advance(299_999);
    await ask('b.test');
    expect(server.queries.map(({ hasOpt }) => hasOpt)).toEqual([true, false, false]);
    clock.advance(1);
    await ask('c.test');
    expect(server.queries.map(({ hasOpt }) => hasOpt)).toEqual([true, false, false, true, false]);
  });

  it('is found over TCP as well', async () => {
    const server = await serve((query) => reply(query.hasOpt ? { rcode: 'FORMERR', opt: false } : HONEST));
    const { ask } = openUpstream(server);
    expect(lastOctet(await ask('a.test', 'tcp'), 0)).toBe(1);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['tcp', 'tcp']);
  });

  it('is not what one is that sends an OPT with its FORMERR', async () => {
    const server = await serve(() => reply({ rcode: 'FORMERR', opt: true }));
    expect(replyStatus(await openUpstream(server).ask('a.test')).rcode).toBe(FORMERR);
    expect(server.queries).toHaveLength(1);
  });

  it('is not what one is that dislikes the question either way', async () => {
    const server = await serve((query) =>
      reply(query.name === 'bad.test.' ? { rcode: 'FORMERR', opt: false } : HONEST),
    );
    const { ask } = openUpstream(server);
    expect(replyStatus(await ask('bad.test')).rcode).toBe(FORMERR);
    await ask('good.test');
    expect(server.queries.map(({ hasOpt }) => hasOpt)).toEqual([true, false, true]);
  });

  it('is not what one is that does not answer', async () => {
    const server = await serve(() => drop());
    const { ask } = openUpstream(server);
    await failureOf(ask('a.test', 'udp', 30));
    server.script = () => reply(HONEST);
    await ask('b.test');
    expect(server.queries.map(({ hasOpt }) => hasOpt)).toEqual([true, true]);
  });
});

describe('what goes out', () => {
  it('carries RD, CD and DO as asked', async () => {
    const server = await serve(() => reply(HONEST));
    const { upstream } = openUpstream(server);
    const ask = askFor('www.example.org', { checkingDisabled: true, dnssecOk: true });
    const deadlineMs = performance.now() + 1_000;
    await upstream.exchange(ask, 'udp', deadlineMs);
    await upstream.exchange(
      askFor('www.example.org', { recursionDesired: false, edns: false }),
      'tcp',
      deadlineMs,
    );
    const [first, second] = server.queries;
    expect(first).toMatchObject({ hasOpt: true, dnssecOk: true });
    expect(first.flags & (RD | CD)).toBe(RD | CD);
    expect(second).toMatchObject({ hasOpt: false, dnssecOk: false });
    expect(second.flags & (RD | CD)).toBe(0);
  });
});

describe('what comes back', () => {
  it('has any rcode, and the OPT of the upstream', async () => {
    const server = await serve(() => reply({ rcode: 'SERVFAIL' }));
    const message = await openUpstream(server).ask('www.example.org');
    expect(rcodeOf(readFlags(message))).toBe(SERVFAIL);
    expect(replyStatus(message).hasOpt).toBe(true);
    expect(readId(message)).toBe(server.queries[0].id);
  });

  it('is timed by rcode', async () => {
    const server = await serve((query) =>
      reply({ rcode: query.name === 'a.test.' ? 'NXDOMAIN' : 'BADCOOKIE', opt: true }),
    );
    const { ask, metrics, upstream } = openUpstream(server);
    await ask('a.test');
    await ask('b.test', 'tcp');
    await ask('c.test', 'tcp');
    expect(metrics.observed(DURATIONS, 'forward', upstream.label, 'NXDOMAIN')).toHaveLength(1);
    expect(metrics.observed(DURATIONS, 'forward', upstream.label, 'BADCOOKIE')).toHaveLength(2);
    const [seconds] = metrics.observed(DURATIONS, 'forward', upstream.label, 'NXDOMAIN') ?? [];
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(1);
  });

  it('is not timed when it does not come', async () => {
    const server = await serve(() => drop());
    const { ask, metrics, upstream } = openUpstream(server);
    await failureOf(ask('a.test', 'udp', 30));
    expect(metrics.observed(DURATIONS, 'forward', upstream.label, 'NOERROR')).toBeUndefined();
  });
});

it('an exchange whose deadline has passed fails', async () => {
  const server = await serve(() => drop());
  const { ask } = openUpstream(server);
  expect((await failureOf(ask('www.example.org', 'udp', -5))).code).toBe('timeout');
  expect((await failureOf(ask('www.example.org', 'tcp', -5))).code).toBe('timeout');
});
