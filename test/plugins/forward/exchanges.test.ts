/** `forward` as it is set up from a Corefile, with upstreams on loopback. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { Query } from '../../../src/chain/query.ts';
import { forward } from '../../../src/plugins/forward/setup.ts';
import { AD, CD, RD } from '../../../src/wire/header.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import { rawQuery } from '../../support/raw-message.ts';
import type { RawQuery } from '../../support/raw-message.ts';
import { drop, octets, reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream, ScriptedUpstreamOptions } from '../../support/scripted-upstream.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

const toClose: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(toClose.splice(0).map((close) => close()));
});

interface Line {
  readonly upstream: ScriptedUpstream;
  readonly context: FakeContext;
  readonly handler: Handler;
  readonly ask: (name?: string, overrides?: Parameters<typeof makeQuery>[2]) => Promise<Outcome>;
}

async function line(lines: string, script: Script, options: ScriptedUpstreamOptions = {}): Promise<Line> {
  const upstream = await startScriptedUpstream(script, options);
  const context = fakeContext();
  const corefile = `forward . ${upstream.host}:${upstream.port} {\n ${lines}\n}`;
  const make = forward.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('forward has a handler');
  const handler = make(new LastHandler());
  // Our sockets first: those of the upstream wait for them.
  toClose.push(() => context.stop().then(() => upstream.close()));
  return {
    upstream,
    context,
    handler,
    ask: (name = 'a.test.', overrides = {}) => Promise.resolve(handler.ask(makeQuery(name, 'A', overrides))),
  };
}

const found: Script = () => reply({ answers: ['@ 60 IN A 192.0.2.99'] });

const truncated: Script = ({ transport }) => (transport === 'udp' ? reply({ truncated: true }) : drop());
const word = (value: number): Buffer => Buffer.of(value >>> 8, value & 0xff);

function asRead(fields: RawQuery): Query {
  const message = rawQuery(fields);
  const query = new Query();
  if (!query.read(message, message.length)) throw new Error('cannot read the query');
  return query;
}

describe('what an upstream sees', () => {
  it.each<{ what: string; fields: Partial<RawQuery> }>([
    { what: 'nothing special', fields: {} },
    { what: 'no RD', fields: { flags: 0 } },
    { what: 'AD', fields: { flags: RD | AD } },
    { what: 'Z and other bits', fields: { flags: RD | 0x6c0 } },
    { what: 'another size', fields: { edns: { udpSize: 4096 } } },
    { what: 'a client subnet', fields: { edns: { options: [[8, Buffer.from('00011800c00002', 'hex')]] } } },
    {
      what: 'a cookie and padding',
      fields: {
        edns: {
          options: [
            [10, Buffer.alloc(8, 1)],
            [12, Buffer.alloc(100)],
          ],
        },
      },
    },
  ])('is the same message, whatever the client sent: $what', async ({ fields }) => {
    const { upstream, handler } = await line('', found);
    await handler.ask(asRead({ name: 'wWw.tEst.', ...fields }));
    const [query] = upstream.queries;
    expect(query).toMatchObject({
      name: 'wWw.tEst.',
      type: 'A',
      class: 'IN',
      hasOpt: true,
      udpSize: 1232,
      dnssecOk: false,
      transport: 'udp',
      flags: RD | AD,
    });
    // Header, question, and an OPT without options.
    expect(query.message).toHaveLength(12 + 10 + 4 + 11);
  });

  it('has the DO and CD of the client', async () => {
    const { upstream, handler } = await line('', found);
    await handler.ask(asRead({ name: 'a.test.', flags: RD | CD, edns: { dnssecOk: true } }));
    expect(upstream.queries[0]).toMatchObject({ dnssecOk: true, flags: RD | AD | CD });
  });

  it('has an id of its own', async () => {
    const { upstream, ask } = await line('', found);
    for (let i = 0; i < 8; i++) await ask(`${i}.test.`, { id: 1 });
    expect(new Set(upstream.queries.map(({ id }) => id)).size).toBeGreaterThan(4);
  });
});

describe('what comes back', () => {
  it('is the answer, without the OPT of the upstream', async () => {
    const { ask } = await line('', () => reply({ answers: ['@ 60 IN A 192.0.2.99'], opt: true }));
    expect(decodeOutcome(await ask())).toMatchObject({
      rcode: 0,
      answer: ['a.test. 60 IN A 192.0.2.99'],
      additional: [],
    });
  });

  it('has all bits of its rcode', async () => {
    const { ask } = await line('', () => reply({ rcode: 'BADCOOKIE' }));
    expect(await ask()).toMatchObject({ kind: 0, rcode: 23 });
  });

  it('is compressed, and keeps the case of its names', async () => {
    const owner = nameFromText('MiXeD.Example.Test.');
    const { ask } = await line('force_tcp', ({ id }) =>
      octets(
        Buffer.concat([
          ...[id, 0x8180, 1, 60, 0, 0].map(word),
          nameFromText('a.test.'),
          ...[1, 1].map(word),
          ...Array.from({ length: 60 }, (_, i) =>
            Buffer.concat([owner, ...[1, 1, 0, 60, 4].map(word), Buffer.of(192, 0, 2, i)]),
          ),
        ]),
      ),
    );
    const outcome = await ask();
    const { answer } = decodeOutcome(outcome);
    expect(answer).toHaveLength(60);
    expect(answer[59]).toBe('MiXeD.Example.Test. 60 IN A 192.0.2.59');
    expect(outcome).toMatchObject({ message: { length: 12 + 12 + 60 * 16 + 20 - 2 } });
  });

  it('is truncated for a client of UDP only, where the upstream gives no more', async () => {
    const { ask } = await line('read_timeout 200ms\n prefer_udp', truncated, { tcp: false });
    expect(await ask('udp.test.')).toMatchObject({ kind: 0, rcode: 0, truncated: true });
    expect(await ask('tcp.test.', { transport: 'tcp' })).toMatchObject({
      rcode: 2,
      reason: 'upstream gave a truncated answer only',
    });
  });

  it('is SERVFAIL with the reason when nothing comes back', async () => {
    const { ask, context } = await line('read_timeout 30ms\n max_fails 0', () => drop());
    const outcome = await ask();
    expect(outcome).toMatchObject({ rcode: 2, extendedError: { code: 22, text: 'upstream: timeout' } });
    expect(outcome).toHaveProperty(
      'reason',
      expect.stringMatching(/^read udp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: i\/o timeout$/),
    );
    expect(context.metrics.value('coredns_forward_healthcheck_broken_total')).toBe(0);
  });
});

describe('the transport', () => {
  it.each([
    { lines: 'prefer_udp', client: 'tcp', seen: 'udp' },
    { lines: 'force_tcp', client: 'udp', seen: 'tcp' },
    { lines: '', client: 'tcp', seen: 'tcp' },
  ] as const)('is $seen for a client of $client with "$lines"', async ({ lines, client, seen }) => {
    const { ask, upstream } = await line(lines, found);
    expect(await ask('a.test.', { transport: client })).toMatchObject({ rcode: 0 });
    expect(upstream.queries.map(({ transport }) => transport)).toEqual([seen]);
  });
});

describe('setting it up', () => {
  it('opens nothing, and has its metrics from the start', () => {
    const context = fakeContext();
    forward.setup(cursorOf('forward . 192.0.2.1 192.0.2.2:5353\nforward . 192.0.2.3'), context);
    expect(context.metrics.value('coredns_forward_healthcheck_broken_total')).toBe(0);
    expect(context.metrics.value('coredns_forward_max_concurrent_rejects_total')).toBe(0);
    expect(context.upstreams.map(({ label }) => label)).toEqual([
      '192.0.2.1:53',
      '192.0.2.2:5353',
      '192.0.2.3:53',
    ]);
  });

  it('makes a handler of each line, in their order', async () => {
    const first = await startScriptedUpstream(() => reply({ rcode: 'NXDOMAIN' }));
    const second = await startScriptedUpstream(found);
    const context = fakeContext();
    const make = forward.setup(
      cursorOf(
        `forward example.org 127.0.0.1:${first.port} {\n next NXDOMAIN\n}\nforward . 127.0.0.1:${second.port}`,
      ),
      context,
    );
    toClose.push(() =>
      context
        .stop()
        .then(() => Promise.all([first.close(), second.close()]))
        .then(() => undefined),
    );
    const handler = make?.(new LastHandler());
    await handler?.ask(makeQuery('a.test.', 'A'));
    expect(
      decodeOutcome((await handler?.ask(makeQuery('a.example.org.', 'A'))) ?? { kind: 2 }).answer,
    ).toHaveLength(1);
    expect(first.queries.map(({ name }) => name)).toEqual(['a.example.org.']);
    expect(second.queries.map(({ name }) => name)).toEqual(['a.test.', 'a.example.org.']);
  });

  it('ends what is on its way when the block stops', async () => {
    const { ask, context, upstream } = await line('', () => drop());
    const waiting = ask();
    await upstream.waitForQueries(1);
    await context.stop();
    expect(await waiting).toMatchObject({ rcode: 2, reason: 'use of closed network connection' });
  });
});

describe('an upstream that is offered to others', () => {
  it('is asked past every handler', async () => {
    const { context, upstream } = await line('', found);
    await context.upstreams[0].ask({ name: nameFromText('probe.test.'), type: 13, class: 1 });
    expect(upstream.queries).toMatchObject([
      { name: 'probe.test.', type: 'HINFO', transport: 'udp', udpSize: 1232 },
    ]);
  });

  it('is asked over TCP where all of it is', async () => {
    const { context, upstream } = await line('force_tcp', found);
    await context.upstreams[0].ask({ name: nameFromText('probe.test.'), type: 13, class: 1 });
    expect(upstream.queries[0].transport).toBe('tcp');
  });

  it('rejects when there is no answer', async () => {
    const { context } = await line('read_timeout 30ms', () => drop());
    await expect(
      context.upstreams[0].ask({ name: nameFromText('probe.test.'), type: 13, class: 1 }),
    ).rejects.toThrow('i/o timeout');
  });

  it('is not asked for clients while it is in quarantine, and the log says so once', async () => {
    const { context, upstream, ask } = await line('', found);
    const [offered] = context.upstreams;
    offered.quarantine('a loop');
    offered.quarantine('a loop');
    expect(await ask('a.test.')).toMatchObject({ rcode: 2, reason: 'no upstream that may be asked' });
    expect(upstream.queries).toEqual([]);
    offered.release();
    offered.release();
    expect(await ask('b.test.')).toMatchObject({ rcode: 0 });
    expect(context.logLines).toEqual([
      `error ${offered.label} is not asked any more: a loop`,
      `info ${offered.label} is asked again`,
    ]);
  });
});
