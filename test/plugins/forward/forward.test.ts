/** Which upstream is asked, how often, and what becomes of its answer. What goes over the wire is in `exchanges.test.ts`. */
import { describe, expect, it } from 'vitest';
import { LONGEST_LINE, LONGEST_WAIT_MS, MOST_PER_TURN } from '../../../src/chain/exchange-gate.ts';
import { REPLY } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { QUERY_DEADLINE_MS } from '../../../src/plugins/forward/tries.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { FakeUpstream, Forwarding, failing } from './fake-upstream.ts';

const FOUND: ReplySpec = { answers: ['@ 60 IN A 192.0.2.99'] };
const NODATA: ReplySpec = { authority: ['test. 60 IN SOA ns.test. admin.test. 1 2 3 4 5'] };

describe('which names are forwarded', () => {
  it.each([
    { from: '.', name: 'a.test.', forwarded: true },
    { from: '.', name: '.', forwarded: true },
    { from: 'example.org', name: 'example.org.', forwarded: true },
    { from: 'example.org', name: 'A.EXAMPLE.ORG.', forwarded: true },
    { from: 'example.org', name: 'xexample.org.', forwarded: false },
    { from: 'example.org', name: 'org.', forwarded: false },
    { from: 'example.org', lines: 'except a.example.org', name: 'a.example.org.', forwarded: false },
    { from: 'example.org', lines: 'except a.example.org', name: 'x.A.example.org.', forwarded: false },
    { from: 'example.org', lines: 'except a.example.org', name: 'xa.example.org.', forwarded: true },
    {
      from: 'example.org',
      lines: 'except a.example.org b.example.org',
      name: 'b.example.org.',
      forwarded: false,
    },
    { from: 'example.org', lines: 'except example.org', name: 'example.org.', forwarded: true },
    { from: 'example.org', lines: 'except example.org', name: 'a.example.org.', forwarded: false },
  ])('$name by "forward $from" with "$lines": $forwarded', async ({ from, name, lines, forwarded }) => {
    const line = new Forwarding(lines, 1, undefined, from);
    await line.ask(name);
    expect(line.counts).toEqual([forwarded ? 1 : 0]);
    expect(line.next.asked).toBe(forwarded ? 0 : 1);
  });

  it('others go to the next handler at once', () => {
    const line = new Forwarding('', 1, undefined, 'example.org');
    expect(line.pending('a.test.')).toBe(line.next.outcome);
  });

  it('others go to the next line', async () => {
    const second = new Forwarding('', 1);
    const first = new Forwarding('', 1, second.handler, 'example.org');
    await first.ask('a.test.');
    await first.ask('a.example.org.');
    expect([first.counts, second.counts]).toEqual([[1], [1]]);
  });
});

describe('what is asked', () => {
  it('is the question as it was written, DO and CD, and nothing else of the client', async () => {
    const line = new Forwarding('', 1);
    await line.ask('wWw.TEST.', 'AAAA', { class: 'CH', recursionDesired: false, dnssecOk: true });
    await line.ask('a.test.', 'A', { checkingDisabled: true });
    const [first, second] = line.upstreams[0].asked;
    expect(first.name).toBe('wWw.TEST.');
    expect(first.asked).toMatchObject({
      type: 28,
      class: 3,
      recursionDesired: true,
      checkingDisabled: false,
      hasOpt: true,
      dnssecOk: true,
    });
    expect(second.asked).toMatchObject({ checkingDisabled: true, dnssecOk: false });
  });

  it.each([
    { lines: '', client: 'udp', transport: 'udp' },
    { lines: '', client: 'tcp', transport: 'tcp' },
    { lines: 'force_tcp', client: 'udp', transport: 'tcp' },
    { lines: 'force_tcp', client: 'tcp', transport: 'tcp' },
    { lines: 'prefer_udp', client: 'udp', transport: 'udp' },
    { lines: 'prefer_udp', client: 'tcp', transport: 'udp' },
    { lines: 'prefer_udp\n force_tcp', client: 'udp', transport: 'tcp' },
  ] as const)(
    'goes over $transport for a client of $client with "$lines"',
    async ({ lines, client, transport }) => {
      const line = new Forwarding(lines, 1);
      await line.ask('a.test.', 'A', { transport: client });
      expect(line.upstreams[0].asked[0].transport).toBe(transport);
    },
  );
});

describe('when an upstream does not answer', () => {
  it('the next one is asked, and its health is looked at', async () => {
    const line = new Forwarding();
    line.upstreams[0].script = () => failing();
    line.upstreams[1].script = () => FOUND;
    expect(await line.ask()).toMatchObject({ rcode: 0, source: 'forward' });
    expect(line.counts).toEqual([1, 1]);
    expect(line.upstreams.map(({ probes }) => probes)).toEqual([1, 0]);
  });

  it('its health is not looked at with max_fails 0', async () => {
    const line = new Forwarding('max_fails 0');
    line.upstreams[0].script = () => failing();
    await line.ask();
    expect(line.upstreams[0].probes).toBe(0);
  });

  it('the first is asked again after the last', async () => {
    const line = new Forwarding();
    const answers = [failing(), FOUND];
    line.upstreams[0].script = () => answers.shift() ?? failing();
    line.upstreams[1].script = () => failing();
    expect(await line.ask()).toMatchObject({ rcode: 0 });
    expect(line.counts).toEqual([2, 1]);
  });

  it.each([
    { lines: '', upstreams: 1, attempts: 2 },
    { lines: '', upstreams: 3, attempts: 6 },
    { lines: 'max_connect_attempts 1', upstreams: 2, attempts: 1 },
    { lines: 'max_connect_attempts 5', upstreams: 2, attempts: 5 },
    { lines: 'max_connect_attempts 0', upstreams: 1, attempts: 3 },
    { lines: 'max_connect_attempts 0', upstreams: 2, attempts: 6 },
  ])('$attempts attempts are made with $upstreams and "$lines"', async ({ lines, upstreams, attempts }) => {
    const line = new Forwarding(lines, upstreams);
    for (const upstream of line.upstreams) upstream.script = () => failing('refused');
    await line.ask();
    expect(line.counts.reduce((sum, count) => sum + count)).toBe(attempts);
  });

  it.each([
    { code: 'timeout', ede: 22 },
    { code: 'refused', ede: 23 },
    { code: 'reset', ede: 23 },
    { code: 'invalid', ede: 23 },
  ] as const)('the client gets SERVFAIL and hears why: $code', async ({ code, ede }) => {
    const line = new Forwarding('', 1);
    line.upstreams[0].script = () => failing(code);
    expect(await line.ask()).toMatchObject({
      rcode: 2,
      reason: `read udp 192.0.2.1:53: ${code}`,
      source: 'forward',
      extendedError: { code: ede, text: `upstream: ${code}` },
    });
  });

  it('the client hears of it before it gives up, after 5 s', async () => {
    const line = new Forwarding('max_connect_attempts 100');
    const { clock } = line.context;
    const startMs = clock.nowMs();
    const ends: number[] = [];
    for (const upstream of line.upstreams) {
      upstream.script = () => {
        // As a black hole takes all the time that it is given.
        const end = upstream.asked.at(-1)?.deadlineMs ?? 0;
        ends.push(end - startMs);
        clock.advance(end - clock.nowMs());
        return failing();
      };
    }
    expect(await line.ask()).toMatchObject({ rcode: 2, extendedError: { code: 22 } });
    expect(ends).toEqual([2_000, 4_000, QUERY_DEADLINE_MS]);
    expect(clock.nowMs() - startMs).toBeLessThan(5_000);
  });

  it.each([
    { timeout: '300ms', ends: [300, 600, 900, 1200] },
    { timeout: '10s', ends: [QUERY_DEADLINE_MS] },
  ])(
    'an attempt lasts read_timeout at most, and never longer than all together: $timeout',
    async ({ timeout, ends }) => {
      const line = new Forwarding(`read_timeout ${timeout}`);
      const { clock } = line.context;
      const startMs = clock.nowMs();
      const seen: number[] = [];
      for (const upstream of line.upstreams) {
        upstream.script = () => {
          const end = upstream.asked.at(-1)?.deadlineMs ?? 0;
          seen.push(end - startMs);
          clock.advance(end - clock.nowMs());
          return failing();
        };
      }
      await line.ask();
      expect(seen).toEqual(ends);
    },
  );

  it('a bug in it is not taken for its silence', async () => {
    const line = new Forwarding();
    line.upstreams[0].script = () => new TypeError('a bug');
    await expect(line.ask()).rejects.toThrow('a bug');
  });
});

describe('upstreams that health checks found down', () => {
  const BROKEN = 'coredns_forward_healthcheck_broken_total';

  it('are left out as long as one is up', async () => {
    const line = new Forwarding('', 3);
    line.upstreams[0].isDown = true;
    line.upstreams[1].script = () => failing();
    line.upstreams[2].script = () => FOUND;
    expect(await line.ask()).toMatchObject({ rcode: 0 });
    expect(line.counts).toEqual([0, 1, 1]);
    expect(line.context.metrics.value(BROKEN)).toBe(0);
  });

  it('are asked all the same where all are, one at random', async () => {
    const line = new Forwarding('', 2);
    for (const upstream of line.upstreams) Object.assign(upstream, { isDown: true, script: () => FOUND });
    for (let i = 0; i < 100; i++) await line.ask(`${i}.test.`);
    expect(line.counts.reduce((sum, count) => sum + count)).toBe(100);
    // Neither would be left out of 100 draws but once in 10^30 times.
    expect(Math.min(...line.counts)).toBeGreaterThan(0);
    expect(line.context.metrics.value(BROKEN)).toBe(100);
  });

  it('are asked no more often than others where all are', async () => {
    const line = new Forwarding('', 2);
    for (const upstream of line.upstreams) Object.assign(upstream, { isDown: true, script: () => failing() });
    await line.ask();
    expect(line.counts.reduce((sum, count) => sum + count)).toBe(4);
    expect(line.context.metrics.value(BROKEN)).toBe(4);
  });

  it('are not asked where the configuration wants to fail fast', async () => {
    const line = new Forwarding('failfast_all_unhealthy_upstreams');
    for (const upstream of line.upstreams) upstream.isDown = true;
    expect(await line.ask()).toMatchObject({
      rcode: 2,
      reason: 'no healthy proxies',
      extendedError: { code: 22, text: 'no healthy proxies' },
    });
    expect(line.counts).toEqual([0, 0]);
    expect(line.context.metrics.value(BROKEN)).toBe(1);
  });
});

describe('upstreams that send our own queries back', () => {
  it('are not asked, up or down', async () => {
    const line = new Forwarding('', 3);
    line.upstreams[0].quarantined = true;
    for (const upstream of line.upstreams) upstream.isDown = true;
    for (let i = 0; i < 30; i++) await line.ask(`${i}.test.`);
    expect(line.counts[0]).toBe(0);
  });

  it('leave SERVFAIL where there is no other', async () => {
    const line = new Forwarding('', 1);
    line.upstreams[0].quarantined = true;
    expect(await line.ask()).toMatchObject({
      rcode: 2,
      reason: 'no upstream that may be asked',
      extendedError: { code: 22 },
    });
    line.upstreams[0].quarantined = false;
    expect(await line.ask()).toMatchObject({ rcode: 0 });
  });
});

describe('failover', () => {
  const bad: ReplySpec = { rcode: 'SERVFAIL' };

  it('asks the next upstream when one gives such an rcode', async () => {
    const line = new Forwarding('failover SERVFAIL REFUSED');
    line.upstreams[0].script = () => bad;
    line.upstreams[1].script = () => FOUND;
    expect(await line.ask()).toMatchObject({ rcode: 0, message: { length: 40 } });
    expect(line.counts).toEqual([1, 1]);
  });

  it('gives what the last one gave where all give such an rcode, and asks none twice', async () => {
    const line = new Forwarding('failover SERVFAIL REFUSED', 3);
    line.upstreams[0].script = () => bad;
    line.upstreams[1].script = () => bad;
    line.upstreams[2].script = () => ({ rcode: 'REFUSED' });
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 5 });
    expect(line.counts).toEqual([1, 1, 1]);
  });

  it('leaves other rcodes alone', async () => {
    const line = new Forwarding('failover REFUSED');
    line.upstreams[0].script = () => bad;
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 2 });
    expect(line.counts).toEqual([1, 0]);
  });

  it('does not ask the same one again because the others are down', async () => {
    const line = new Forwarding('failover SERVFAIL\n max_connect_attempts 0');
    line.upstreams[0].script = () => bad;
    line.upstreams[1].isDown = true;
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 2 });
    expect(line.counts).toEqual([1, 0]);
  });

  it('without the option any reply is an answer', async () => {
    const line = new Forwarding();
    line.upstreams[0].script = () => bad;
    expect(await line.ask()).toMatchObject({ kind: 0, rcode: 2 });
    expect(line.counts).toEqual([1, 0]);
  });
});

describe('next', () => {
  function twoLines(lines: string, answer: ReplySpec | Error): { first: Forwarding; second: Forwarding } {
    const second = new Forwarding('', 1);
    const first = new Forwarding(lines, 1, second.handler);
    first.upstreams[0].script = () => answer;
    second.upstreams[0].script = () => FOUND;
    return { first, second };
  }

  it.each<{ what: string; lines: string; answer: ReplySpec | Error; handedOver: boolean }>([
    { what: 'an rcode of the list', lines: 'next NXDOMAIN', answer: { rcode: 'NXDOMAIN' }, handedOver: true },
    {
      what: 'the second of the list',
      lines: 'next NXDOMAIN REFUSED',
      answer: { rcode: 'REFUSED' },
      handedOver: true,
    },
    { what: 'another rcode', lines: 'next NXDOMAIN', answer: { rcode: 'SERVFAIL' }, handedOver: false },
    { what: 'an answer', lines: 'next NXDOMAIN', answer: FOUND, handedOver: false },
    { what: 'no such type', lines: 'next_on_nodata', answer: NODATA, handedOver: true },
    {
      what: 'an answer, where NODATA is handed over',
      lines: 'next_on_nodata',
      answer: FOUND,
      handedOver: false,
    },
    {
      what: 'NXDOMAIN, where NODATA is handed over',
      lines: 'next_on_nodata',
      answer: { ...NODATA, rcode: 'NXDOMAIN' },
      handedOver: false,
    },
    { what: 'silence', lines: 'next SERVFAIL', answer: failing(), handedOver: false },
  ])('hands over to the next line for $what: $handedOver', async ({ lines, answer, handedOver }) => {
    const { first, second } = twoLines(lines, answer);
    await first.ask();
    expect(second.counts).toEqual([handedOver ? 1 : 0]);
  });

  it('gives the answer of the next line', async () => {
    const { first } = twoLines('next NXDOMAIN', { rcode: 'NXDOMAIN' });
    expect(await first.ask()).toMatchObject({ rcode: 0, message: { length: 40 } });
  });

  it('hands over to nothing but a line of its kind', async () => {
    const line = new Forwarding('next NXDOMAIN', 1);
    line.upstreams[0].script = () => ({ rcode: 'NXDOMAIN' });
    expect(await line.ask()).toMatchObject({ rcode: 3 });
    expect(line.next.asked).toBe(0);
  });
});

describe('many who ask the same at the same time', () => {
  it('cause one exchange, whatever their case, transport and flags', async () => {
    const line = new Forwarding('', 1);
    const slow = Promise.withResolvers<ReplySpec>();
    line.upstreams[0].script = () => slow.promise;
    const waiting = [
      line.ask('a.test.'),
      line.ask('A.TEST.'),
      line.ask('a.test.', 'A', { transport: 'tcp' }),
      line.ask('a.test.', 'A', { recursionDesired: false }),
      line.ask('a.test.', 'A', { edns: true }),
    ];
    slow.resolve(FOUND);
    const outcomes = await Promise.all(waiting);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual([0, 0, 0, 0, 0]);
    expect(line.counts).toEqual([1]);
    await line.ask();
    expect(line.counts).toEqual([2]);
  });

  it('cause one each where they ask for something else', async () => {
    const line = new Forwarding('', 1);
    await Promise.all([
      line.ask('a.test.', 'A'),
      line.ask('a.test.', 'AAAA'),
      line.ask('a.test.', 'A', { dnssecOk: true }),
      line.ask('a.test.', 'A', { checkingDisabled: true }),
      line.ask('a.test.', 'A', { class: 'CH' }),
    ]);
    expect(line.counts).toEqual([5]);
  });

  it('get a truncated answer over UDP, and SERVFAIL over TCP, where it is of no use', async () => {
    const line = new Forwarding('', 1);
    const slow = Promise.withResolvers<ReplySpec>();
    line.upstreams[0].script = () => slow.promise;
    const [overUdp, overTcp] = [line.ask('a.test.', 'A'), line.ask('a.test.', 'A', { transport: 'tcp' })];
    slow.resolve({ ...FOUND, truncated: true });
    expect(await overUdp).toMatchObject({ rcode: 0, truncated: true });
    expect(await overTcp).toMatchObject({ rcode: 2, extendedError: { code: 23 } });
  });

  it('get it each as it is of use to them, whoever was first', async () => {
    const line = new Forwarding('', 1);
    line.upstreams[0].script = () => ({ ...FOUND, truncated: true });
    const [overTcp, overUdp] = [line.ask('a.test.', 'A', { transport: 'tcp' }), line.ask('a.test.', 'A')];
    expect(await overTcp).toMatchObject({ rcode: 2 });
    expect(await overUdp).toMatchObject({ rcode: 0, truncated: true });
    expect(line.counts).toEqual([1]);
  });
});

describe('max_concurrent', () => {
  const REJECTS = 'coredns_forward_max_concurrent_rejects_total';

  it('refuses one question too many, says why, and counts it', async () => {
    const line = new Forwarding('max_concurrent 2', 1);
    const slow = Promise.withResolvers<ReplySpec>();
    line.upstreams[0].script = () => slow.promise;
    const waiting = [line.ask('a.test.'), line.ask('b.test.')];
    expect(line.pending('c.test.')).toMatchObject({
      rcode: 5,
      reason: 'concurrent queries exceeded maximum 2',
      source: 'forward',
      extendedError: { code: 0, text: 'too many queries' },
    });
    expect(line.context.metrics.value(REJECTS)).toBe(1);
    // Whoever joins a question that is on its way costs nothing.
    waiting.push(line.ask('a.test.'));
    slow.resolve(FOUND);
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual([0, 0, 0]);
    expect(await line.ask('c.test.')).toMatchObject({ rcode: 0 });
    expect(line.context.metrics.value(REJECTS)).toBe(1);
  });

  it('is no limit when it is 0', async () => {
    const line = new Forwarding('max_concurrent 0', 1);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => line.ask(`${i}.test.`)));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set([0]));
  });
});

it('a fake upstream is a real one for everybody who asks', () => {
  expect(new FakeUpstream(53).label).toBe('192.0.2.1:53');
});

const askMany = (line: Forwarding, count: number): Promise<Outcome[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => line.ask(`${i}.test.`)));

describe('a turn of the event loop in which more is asked than may begin', () => {
  const REJECTS = 'nodelocaldns_forward_overload_rejects_total';
  const OVERLOADED = {
    rcode: 2,
    source: 'forward',
    extendedError: { code: 0, text: 'too many queries' },
  };
  it('begins some of it, and the rest in the turns after', async () => {
    const line = new Forwarding('', 1);
    const outcomes = askMany(line, 2 * MOST_PER_TURN);
    expect(line.counts).toEqual([MOST_PER_TURN]);
    expect(new Set((await outcomes).map(({ kind }) => kind))).toEqual(new Set([REPLY]));
    expect(line.counts).toEqual([2 * MOST_PER_TURN]);
    expect(line.context.metrics.value(REJECTS)).toBe(0);
  });

  it('lets those join who ask for what stands in line', async () => {
    const line = new Forwarding('', 1);
    void askMany(line, MOST_PER_TURN);
    const both = [line.ask('late.test.'), line.ask('LATE.test.')];
    await Promise.all(both);
    expect(line.counts).toEqual([MOST_PER_TURN + 1]);
  });

  it('refuses what finds no place in the line, says why, and counts it', async () => {
    const line = new Forwarding('', 1);
    void askMany(line, MOST_PER_TURN + LONGEST_LINE);
    expect(line.pending('late.test.')).toMatchObject(OVERLOADED);
    expect(line.context.metrics.value(REJECTS)).toBe(1);
  });

  it('refuses what has waited for too long', async () => {
    const line = new Forwarding('', 1);
    void askMany(line, MOST_PER_TURN);
    const late = line.ask('late.test.');
    line.context.clock.advance(LONGEST_WAIT_MS);
    expect(await late).toMatchObject(OVERLOADED);
    expect(line.counts).toEqual([MOST_PER_TURN]);
    expect(line.context.metrics.value(REJECTS)).toBe(1);
  });

  it('counts the time in line against the time for all attempts', async () => {
    const line = new Forwarding('read_timeout 10s', 1);
    void askMany(line, MOST_PER_TURN);
    const late = line.ask('late.test.');
    const askedMs = line.context.clock.nowMs();
    line.context.clock.advance(LONGEST_WAIT_MS - 1);
    await late;
    expect(line.upstreams[0].asked.at(-1)?.deadlineMs).toBe(askedMs + QUERY_DEADLINE_MS);
  });
});
