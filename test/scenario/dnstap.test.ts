/**
 * What the daemon tells by dnstap, as two readers have it that know nothing of us: `dnstap`, written in Go, and `fstrm_capture` with
 * `dnstap-ldns`, written in C by those who made the protocol.
 */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startChild } from '../support/child.ts';
import type { Child } from '../support/child.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tempDirectory } from '../support/temp-file.ts';
import { requireTools, toolPath } from '../support/tools.ts';
import { UdpClient } from '../support/udp-client.ts';

const { available, reason } = requireTools('dnstap', 'fstrm_capture', 'dnstap-ldns');

/** One line of `dnstap -j`, as far as the tests look. */
interface Told {
  readonly identity: string;
  readonly version: string;
  readonly message: {
    readonly type: string;
    readonly query_time: string;
    readonly response_time?: string;
    readonly socket_family: string;
    readonly socket_protocol: string;
    readonly query_address: string;
    readonly query_port: number;
    readonly response_address?: string;
    readonly response_port: number;
    readonly query_message?: string;
    readonly response_message?: string;
  };
}

interface Reader {
  /** For the Corefile. */
  readonly socket: string;
  readonly child: Child;
  /** All that it has read, once it is so much. */
  messages(count: number): Promise<Told['message'][]>;
  told(count: number): Promise<Told[]>;
}

type Transport = 'unix' | 'tcp';

/** Source ports: that the kernel gives all of them to one of two workers happens once in four billion runs. */
const CLIENTS = 33;

/** The lines that are no messages of the tool itself. */
const payloads = (dnstap: Child): string[] => dnstap.lines().filter((line) => line.startsWith('{'));

/** Of a message in words. */
const idOf = (text = ''): string | undefined => /id: (\d+)/.exec(text)?.[1];

/** `dnstap`, listening. */
async function startDnstap(transport: Transport, at?: string): Promise<Reader> {
  const place =
    at ?? (transport === 'unix' ? join(tempDirectory(), 'dnstap.sock') : `127.0.0.1:${await freePort()}`);
  const child = startChild({
    command: [toolPath('dnstap'), transport === 'unix' ? '-u' : '-l', place, '-j'],
  });
  if (transport === 'unix') await eventually(() => existsSync(place));
  const told = async (count: number): Promise<Told[]> => {
    await eventually(() => payloads(child).length >= count);
    return payloads(child).map((line) => JSON.parse(line) as Told);
  };
  return {
    socket: transport === 'unix' ? place : `tcp://${place}`,
    child,
    told,
    messages: async (count) => (await told(count)).map(({ message }) => message),
  };
}

interface Served {
  readonly daemon: Daemon;
  readonly port: number;
  readonly upstreamPort: number;
  readonly metricsPort: number;
  readonly corefile: (dnstap: string) => string;
}

/** A daemon with these `dnstap` lines in front of a cache and a server of ours. */
async function serve(dnstap: string): Promise<Served> {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 300 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  const corefile = (lines: string): string => `.:${port} {
      bind 127.0.0.1
      ${lines}
      prometheus 127.0.0.1:${metricsPort}
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`;
  const daemon = await startDaemon({ corefile: corefile(dnstap) });
  return { daemon, port, upstreamPort: upstream.port, metricsPort, corefile };
}

/** Asks as often as it takes for a reader that comes by and by. */
async function askUntil(port: number, name: string, isTold: () => boolean): Promise<void> {
  const client = await UdpClient.open({ port });
  await eventually(async () => {
    await client.ask(rawQuery({ name }));
    return isTold();
  });
}

describe.skipIf(!available)(`dnstap ${reason}`, () => {
  it.each<Transport>(['unix', 'tcp'])(
    'tells of a query, its exchange and its answer over %s',
    async (transport) => {
      const reader = await startDnstap(transport);
      const { port, upstreamPort } = await serve(`dnstap ${reader.socket} full {\nidentity node-1\n}`);
      const client = await UdpClient.open({ port });
      await client.ask(rawQuery({ name: 'Www.example.org', id: 4242 }));
      const [asked, forwarded, replied, answered] = await reader.messages(4);
      const ofClient = {
        socket_family: 'INET',
        socket_protocol: 'UDP',
        query_address: '127.0.0.1',
        query_port: client.port,
        response_address: '127.0.0.1',
        response_port: port,
      };
      const ofForward = { ...ofClient, response_port: upstreamPort };
      expect(asked).toMatchObject({ type: 'CLIENT_QUERY', ...ofClient });
      expect(forwarded).toMatchObject({ type: 'FORWARDER_QUERY', ...ofForward });
      expect(replied).toMatchObject({ type: 'FORWARDER_RESPONSE', ...ofForward });
      expect(answered).toMatchObject({ type: 'CLIENT_RESPONSE', ...ofClient });
      expect(asked.query_message).toMatch(/id: 4242\n.*Www\.example\.org\.\tIN\t A\n/s);
      expect(answered.response_message).toMatch(
        /id: 4242\n.*Www\.example\.org\.\t300\tIN\tA\t192\.0\.2\.1\n/s,
      );
      expect(idOf(forwarded.query_message)).toBe(idOf(replied.response_message));
      expect(replied.response_message).toMatch(/\tIN\tA\t192\.0\.2\.1\n/);
      const [told] = await reader.told(4);
      expect([told.identity, told.version]).toEqual(['node-1', expect.stringMatching(/^nodelocaldns-\d/)]);
      const times = [asked.query_time, forwarded.query_time, replied.response_time, answered.response_time];
      const ms = times.map((time) => Date.parse(time ?? ''));
      expect(ms).toEqual(ms.toSorted((a, b) => a - b));
      expect(Math.abs(Date.now() - ms[0])).toBeLessThan(60_000);
      expect(answered.query_time).toBe(asked.query_time);
    },
  );

  it('tells of an answer out of the cache, and of clients of TCP, without the messages unless they are wanted', async () => {
    const reader = await startDnstap('unix');
    const { port } = await serve(`dnstap ${reader.socket}`);
    const client = await UdpClient.open({ port });
    await client.ask(rawQuery({ name: 'www.example.org' }));
    await reader.messages(4);
    const overTcp = await TcpClient.open({ port });
    overTcp.write(framed(rawQuery({ name: 'www.example.org' })));
    await overTcp.waitForMessages(1);
    const messages = await reader.messages(6);
    expect(messages.slice(4).map(({ type, socket_protocol }) => [type, socket_protocol])).toEqual([
      ['CLIENT_QUERY', 'TCP'],
      ['CLIENT_RESPONSE', 'TCP'],
    ]);
    for (const message of messages) {
      expect([message.query_message, message.response_message]).toEqual([undefined, undefined]);
    }
  });

  it.each<Transport>(['unix', 'tcp'])('is read by the makers of the protocol over %s', async (transport) => {
    const directory = tempDirectory();
    const file = join(directory, 'capture.fstrm');
    const path = join(directory, 'dnstap.sock');
    const tcpPort = await freePort();
    const place = transport === 'unix' ? ['-u', path] : ['-a', '127.0.0.1', '-p', String(tcpPort)];
    const capture = startChild({
      command: [toolPath('fstrm_capture'), '-t', 'protobuf:dnstap.Dnstap', '-w', file, ...place, '-ddddd'],
    });
    await capture.waitForLine(/opening .* socket/i);
    const socket = transport === 'unix' ? path : `tcp://127.0.0.1:${tcpPort}`;
    const { daemon, port } = await serve(`dnstap ${socket} full {\nextra "{name} of {type}, {rcode}"\n}`);
    const client = await UdpClient.open({ port });
    await client.ask(rawQuery({ name: 'www.example.org' }));
    await daemon.stop();
    await capture.stop();
    const decoded = startChild({ command: [toolPath('dnstap-ldns'), '-y', '-r', file] });
    await decoded.ended;
    const lines = decoded.lines().map((line) => line.trim());
    expect(lines.filter((line) => line.startsWith('type: ')).slice(0, 8)).toEqual([
      'type: MESSAGE',
      'type: CLIENT_QUERY',
      'type: MESSAGE',
      'type: FORWARDER_QUERY',
      'type: MESSAGE',
      'type: FORWARDER_RESPONSE',
      'type: MESSAGE',
      'type: CLIENT_RESPONSE',
    ]);
    // `dnstap-ldns` does not show this field.
    const captured = readFileSync(file, 'latin1');
    expect(captured.match(/www\.example\.org\. of A, (?:-|NOERROR)/g)).toEqual([
      ...Array.from({ length: 3 }, () => 'www.example.org. of A, -'),
      'www.example.org. of A, NOERROR',
    ]);
    expect(
      lines.filter((line) => /^www\.example\.org\.\s+300\s+IN\s+A\s+192\.0\.2\.1$/.test(line)),
    ).toHaveLength(2);
  });

  it('serves on while the reader is away, says so, counts what is lost, and finds it when it is there', async () => {
    const place = join(tempDirectory(), 'dnstap.sock');
    const { daemon, port, metricsPort } = await serve(`dnstap ${place}`);
    await daemon.waitForLine(/\[ERROR\] plugin\/dnstap: No connection to dnstap endpoint: .*ENOENT/);
    const client = await UdpClient.open({ port });
    await client.ask(rawQuery({ name: 'www.example.org' }));
    const dropped = (await scrape(metricsPort)).sum('nodelocaldns_dnstap_dropped_total');
    expect(dropped).toBeGreaterThanOrEqual(4);
    const reader = await startDnstap('unix', place);
    await daemon.waitForLine(/plugin\/dnstap: connected to /);
    await client.ask(rawQuery({ name: 'www.example.org' }));
    expect((await reader.messages(2)).map(({ type }) => type)).toEqual(['CLIENT_QUERY', 'CLIENT_RESPONSE']);
    reader.child.signal('SIGKILL');
    await reader.child.ended;
    const second = await startDnstap('unix', place);
    await askUntil(port, 'www.example.org', () => payloads(second.child).length > 0);
  });

  it('tells of the queries of every worker, over a connection of its own', async () => {
    const reader = await startDnstap('unix');
    const { daemon, port } = await serve(`multisocket 2\ndnstap ${reader.socket}`);
    await Promise.all([
      daemon.waitForLine(/plugin\/multisocket: 2 workers serve$/),
      reader.child.waitForLine(/accepted connection 2/),
    ]);
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => UdpClient.open({ port })));
    await Promise.all(clients.map((client) => client.ask(rawQuery({ name: 'www.example.org' }))));
    const ports = new Set(clients.map((client) => client.port));
    await eventually(async () => {
      const answered = (await reader.messages(2 * CLIENTS)).filter(({ type }) => type === 'CLIENT_RESPONSE');
      const told = new Set(answered.map((message) => message.query_port));
      return [...ports].every((clientPort) => told.has(clientPort));
    });
  });

  it('tells readers that connect, who stay connected over a reload', async () => {
    const reader = await startDnstap('unix');
    const place = join(tempDirectory(), 'listen.sock');
    const { daemon, port, corefile } = await serve(`dnstap listen ${place}`);
    await eventually(() => existsSync(place));
    // The tool only listens, so the two are joined in the middle.
    const [ours, theirs] = [connect(place), connect(reader.socket)];
    for (const socket of [ours, theirs]) onTestFinished(() => void socket.destroy());
    ours.pipe(theirs).pipe(ours);
    await askUntil(port, 'www.example.org', () => payloads(reader.child).length > 0);
    const reloaded = daemon.waitForNextLine(/Reloading complete/);
    daemon.reload(corefile(`dnstap listen ${place} {\nidentity after\n}`));
    daemon.signal('SIGUSR1');
    await reloaded;
    const client = await UdpClient.open({ port });
    await client.ask(rawQuery({ name: 'www.example.org' }));
    await eventually(async () => (await reader.told(1)).some(({ identity }) => identity === 'after'));
    expect(ours.destroyed).toBe(false);
  });

  it('tells the reader that a reload brings, and the old one everything until then', async () => {
    const [first, second] = await Promise.all([startDnstap('unix'), startDnstap('unix')]);
    const { daemon, port, corefile } = await serve(`dnstap ${first.socket}`);
    const client = await UdpClient.open({ port });
    await client.ask(rawQuery({ name: 'www.example.org' }));
    const reloaded = daemon.waitForNextLine(/Reloading complete/);
    daemon.reload(corefile(`dnstap ${second.socket}`));
    daemon.signal('SIGUSR1');
    await reloaded;
    await client.ask(rawQuery({ name: 'www.example.org' }));
    expect(await first.messages(4)).toHaveLength(4);
    expect(await second.messages(2)).toHaveLength(2);
  });
});
