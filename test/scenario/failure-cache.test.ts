/** A name that cannot be resolved is not asked upstream for as often as clients ask: once for each step of back-off (RFC 9520). */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { drop, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const CLIENTS = 20;
const TIMEOUT_MS = 100;

interface Told {
  readonly rcode: string;
  readonly error: string | undefined;
}

interface Setting {
  readonly upstream: ScriptedUpstream;
  /** When the name was asked for upstream, in milliseconds. */
  readonly times: number[];
  /** One question of each client. */
  readonly storm: () => Promise<Told[]>;
  readonly ask: (name: string) => Promise<Told>;
}

/** One try, of which silence ends before the question would be asked on another connection. */
const ONE_TRY = `read_timeout ${TIMEOUT_MS}ms
        max_connect_attempts 1
        max_fails 0`;

/** An upstream that does this with dead.example, and answers everything else. */
async function start(dead: Script, cacheLine = '', forwardLines = ONE_TRY): Promise<Setting> {
  const times: number[] = [];
  const upstream = await startScriptedUpstream((query) => {
    if (query.name !== 'dead.example.') return reply({ answers: ['@ 30 IN A 192.0.2.1'] });
    times.push(performance.now());
    return dead(query);
  });
  onTestFinished(() => upstream.close());
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache {
        ${cacheLine}
      }
      forward . 127.0.0.1:${upstream.port} {
        ${forwardLines}
      }
    }
`,
  });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => UdpClient.open({ port })));
  let id = 0;
  const tell = async (client: UdpClient, name: string): Promise<Told> => {
    const message = await client.ask(rawQuery({ name, id: ++id, edns: {} }));
    return { rcode: readReply(message).rcode, error: readOpt(message)?.error };
  };
  return {
    upstream,
    times,
    storm: () => Promise.all(clients.map((client) => tell(client, 'dead.example'))),
    ask: (name) => tell(clients[0], name),
  };
}

it('a storm for a name that nobody answers costs one query for each step, twice as long each time', async () => {
  const { times, storm, ask } = await start(() => drop());
  let asked = 0;
  await eventually(async () => {
    for (const told of await storm())
      expect(told).toEqual({ rcode: 'SERVFAIL', error: '22 upstream: timeout' });
    asked += CLIENTS;
    expect((await ask(`alive-${asked}.example`)).rcode).toBe('NOERROR');
    return times.length === 4;
  });
  const [first, second, third, fourth] = times;
  expect(second - first).toBeGreaterThan(1_000);
  expect(third - second).toBeGreaterThan(2_000);
  expect(fourth - third).toBeGreaterThan(4_000);
  expect(asked).toBeGreaterThan(times.length * CLIENTS);
});

it('a storm for a name that gets SERVFAIL costs one query for each step, which servfail says', async () => {
  const { times, storm } = await start(() => reply({ rcode: 'SERVFAIL' }), 'servfail 1s');
  await eventually(async () => {
    for (const { rcode } of await storm()) expect(rcode).toBe('SERVFAIL');
    return times.length === 3;
  });
  expect((await storm())[0].error).toBe('13');
  expect(times[1] - times[0]).toBeGreaterThan(950);
  expect(times[2] - times[1]).toBeGreaterThan(1_950);
});

it.each([
  ['over UDP', '', false],
  ['over TCP', 'force_tcp', false],
  ['while other names are answered over UDP', '', true],
  ['while other names are answered over TCP', 'force_tcp', true],
])(
  'a step costs three queries at most with everything as it is by default, %s',
  async (_, forwardLines, hasOthers) => {
    const { times, storm, ask } = await start(() => drop(), '', forwardLines);
    const others = [ask('alive.example')];
    await others[0];
    const timer = setInterval(() => {
      if (hasOthers) others.push(ask(`alive-${others.length}.example`));
    }, 50);
    for (const told of await storm()) {
      expect(told).toEqual({ rcode: 'SERVFAIL', error: '22 upstream: timeout' });
    }
    clearInterval(timer);
    // RFC 9520 section 3.2: one server is asked the same thing three times at most, for all clients together.
    const { length } = times;
    expect(length).toBeGreaterThan(1);
    expect(length).toBeLessThanOrEqual(3);
    for (const { rcode } of await storm()) expect(rcode).toBe('SERVFAIL');
    expect(times).toHaveLength(length);
    for (const { rcode } of await Promise.all(others)) expect(rcode).toBe('NOERROR');
  },
  12_000,
);

it('a dead name takes nothing from others, however many clients ask for it', async () => {
  const { upstream, storm, ask } = await start(() => drop(), '', 'force_tcp');
  const dead = storm();
  for (let i = 0; i < 20; i++) expect((await ask(`alive-${i}.example`)).rcode).toBe('NOERROR');
  await dead;
  const alive = upstream.queries.filter(({ name }) => name.startsWith('alive-'));
  expect(alive).toHaveLength(20);
});

it('a failure is over with the first answer', async () => {
  let isDead = true;
  const { times, storm } = await start(() => (isDead ? drop() : reply({ answers: ['@ 30 IN A 192.0.2.1'] })));
  for (const { rcode } of await storm()) expect(rcode).toBe('SERVFAIL');
  isDead = false;
  await eventually(async () => (await storm()).every(({ rcode }) => rcode === 'NOERROR'));
  expect(times).toHaveLength(2);
});
