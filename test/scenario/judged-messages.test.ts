/** What is no question for a cache is answered by the server itself, or by nobody, and never goes upstream. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import type { DigResult } from '../support/dig.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { requireTools } from '../support/tools.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

const { available, reason } = requireTools('dig');

describe.skipIf(!available)(`a message that is no question for a cache ${reason}`, () => {
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let port: number;
  let metricsPort: number;
  beforeAll(async () => {
    upstream = await startScriptedUpstream(() => reply());
    [port, metricsPort] = await Promise.all([freePort(), freePort()]);
    daemon = await startDaemon({
      corefile: `.:${port} {
        bind 127.0.0.1
        cache
        forward . 127.0.0.1:${upstream.port}
        prometheus 127.0.0.1:${metricsPort}
      }
      quiet.example:${port} {
        bind 127.0.0.1
        whoami
      }
      empty.example:${port} {
        bind 127.0.0.1
      }
`,
    });
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
  });

  const ask = (...words: string[]): Promise<DigResult> =>
    dig(['@127.0.0.1', '-p', String(port), '+tries=1', ...words]);
  const countUpstream = (): void => {
    const before = upstream.queries.length;
    onTestFinished(() => expect(upstream.queries).toHaveLength(before));
  };

  it.each(['notify', 'update', 'status', 'iquery', 'reserved15'])(
    'gets NOTIMP for the opcode %s',
    async (opcode) => {
      countUpstream();
      expect((await ask('example.org', 'SOA', `+opcode=${opcode}`)).status).toBe('NOTIMP');
      expect((await ask('example.org', 'SOA', `+opcode=${opcode}`, '+tcp')).status).toBe('NOTIMP');
    },
  );

  it('gets BADVERS for an EDNS of the future, and version 0 to go on with', async () => {
    countUpstream();
    const { status, edns } = await ask('example.org', '+edns=1', '+noednsnegotiation');
    expect(status).toBe('BADVERS');
    expect(edns).toMatchObject({ version: 0, udpSizeOctets: 1232 });
    // Left to itself, dig comes back with that version.
    expect((await ask('retried.quiet.example', '+edns=1')).status).toBe('NOERROR');
  });

  it.each([
    ['a transfer', { name: 'example.org', type: 'AXFR' }],
    ['an incremental transfer', { name: 'example.org', type: 'IXFR' }],
    ['keys', { name: 'example.org', type: 'TKEY' }],
    ['the class CH where nothing forwards', { name: 'version.quiet.example', type: 'TXT', class: 'CH' }],
    ['every class at once', { name: 'example.org', class: 'ANY' }],
    ['a name of a block without any plugin', { name: 'www.empty.example' }],
  ])('is refused when it asks for %s', async (_, question) => {
    countUpstream();
    const query = rawQuery({ ...question, edns: {} });
    const [overUdp, overTcp] = await Promise.all([UdpClient.open({ port }), TcpClient.open({ port })]);
    overTcp.write(framed(query));
    for (const answer of [await overUdp.ask(query), ...(await overTcp.waitForMessages(1))]) {
      expect(readReply(answer)).toMatchObject({ rcode: 'REFUSED', answer: [], hasOpt: true });
    }
  });

  it.each([
    ['no question', { counts: [0, 0, 0, 0] }],
    ['two questions', { counts: [2, 0, 0, 0] }],
    ['records that are not there', { counts: [1, 0, 0, 1] }],
    ['answers', { counts: [1, 2, 0, 0] }],
  ] as const)('gets FORMERR: %s', async (_, spec) => {
    countUpstream();
    const client = await UdpClient.open({ port });
    const { rcode, id, answer } = readReply(await client.ask(rawQuery({ name: 'example.org', ...spec })));
    expect({ rcode, id, answer }).toEqual({ rcode: 'FORMERR', id: 0x1234, answer: [] });
  });

  it('gets nothing when it says that it is a response, or is no message at all', async () => {
    countUpstream();
    const before = await scrape(metricsPort);
    const client = await UdpClient.open({ port });
    client.send(rawQuery({ name: 'quiet.example', id: 1, flags: 0x8100 }));
    client.send(Buffer.from('hello'));
    client.send(Buffer.alloc(0));
    // The socket is read in order: an answer to this means that there will be none to those.
    await client.ask(rawQuery({ name: 'quiet.example', id: 2 }));
    expect(client.received.map((message) => readReply(message).id)).toEqual([2]);
    const after = await scrape(metricsPort);
    const dropped = (metrics: typeof after): number =>
      metrics.sum('nodelocaldns_packets_not_served_total', { fate: 'dropped' });
    expect(dropped(after) - dropped(before)).toBe(3);
  });

  it.each([
    ['every type at once', ['example.org', 'ANY', '+notcp'], { type: 'ANY', class: 'IN' }],
    ['the class CH where a block forwards', ['version.bind', 'CH', 'TXT'], { type: 'TXT', class: 'CH' }],
    ['a type that nobody knows', ['example.org', 'TYPE65300'], { type: 'TYPE65300', class: 'IN' }],
  ])('but goes upstream when it asks for %s', async (_, words, question) => {
    const before = upstream.queries.length;
    expect((await ask(...words)).status).toBe('NOERROR');
    expect(upstream.queries.slice(before)).toMatchObject([question]);
  });
});
