/** A reload may take a server block from all addresses of the host to one of them and back, on the same port, and clients notice nothing. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibc } from '../../src/datagram/libc.ts';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { startQueryStream } from '../support/query-stream.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';

const libc = await loadLibc().catch(() => undefined);

/** Long enough that queries are on their way at every reload. */
const UPSTREAM_MS = 5;
const RELOADS = 8;
const QUERIES_EACH = 100;
const TCP_CLIENTS = 4;
const ALL = '';
const ONE = 'bind 127.0.0.1';
const OTHER = 'bind 127.0.0.2';

async function startServing(first: string, args: readonly string[] = []) {
  const upstream = await startScriptedUpstream(() =>
    later(UPSTREAM_MS, reply({ answers: ['@ 1 IN A 192.0.2.1'] })),
  );
  onTestFinished(() => upstream.close());
  const [port, pages] = await Promise.all([freePort(), freePort()]);
  // Read when a configuration is set up, while its sockets are open already.
  const hosts = tempFile('192.0.2.9 known.test\n', 'hosts');
  const corefile = (...binds: readonly string[]): string =>
    binds
      .map(
        (bind, i) => `${['.', 'b.test'][i]}:${port} {
 ${bind}
 ${bind === ALL ? `prometheus 127.0.0.1:${pages}` : ''}
 hosts ${hosts} {
  fallthrough
 }
 forward . 127.0.0.1:${upstream.port}
}
`,
      )
      .join('');
  const daemon = await startDaemon({ corefile: corefile(first), args });
  const reload = async (...binds: readonly string[]): Promise<string> => {
    const done = daemon.waitForNextLine(/Reloading complete|Restart failed/);
    daemon.reload(corefile(...binds));
    daemon.signal('SIGUSR1');
    return done;
  };
  return { port, upstream, reload };
}

async function askOverTcp(port: number): Promise<string> {
  const client = await TcpClient.open({ port });
  client.write(framed(rawQuery({ name: 'tcp.test' })));
  const [message] = await client.waitForMessages(1);
  client.closeOurSide();
  return readReply(message).rcode;
}

/** A connection for each question, some at a time. @returns how to stop, and what came of each then */
function startAskingOverTcp(port: number): { stop: () => Promise<string[]> } {
  const over = new AbortController();
  const told: string[] = [];
  const askOn = async (): Promise<void> => {
    while (!over.signal.aborted) told.push(await askOverTcp(port).catch(String));
  };
  const asking = Array.from({ length: TCP_CLIENTS }, askOn);
  return {
    async stop() {
      over.abort();
      await Promise.all(asking);
      return told;
    },
  };
}

const ask = async (client: UdpClient): Promise<string> =>
  readReply(await client.ask(rawQuery({ name: 'a.test' }))).rcode;

describe.skipIf(libc === undefined)('a reload (where koffi works)', () => {
  it.each([
    ['goes from all to one and back', ALL, [ONE, ALL]],
    ['goes from one to all and back', ONE, [ALL, ONE]],
  ])('%s, without a lost query', async (_, first, steps) => {
    const { port, reload } = await startServing(first);
    const stream = await startQueryStream({ port, query: (number) => rawQuery({ name: `n${number}.test` }) });
    const overTcp = startAskingOverTcp(port);
    for (let i = 0; i < RELOADS; i++) {
      await stream.settled(stream.settledCount + QUERIES_EACH);
      expect(await reload(steps[i % 2])).toBe('[INFO] Reloading complete');
    }
    await stream.settled(stream.settledCount + QUERIES_EACH);
    const told = await overTcp.stop();
    expect(told.length).toBeGreaterThan(RELOADS);
    expect(new Set(told)).toEqual(new Set(['NOERROR']));
    const { asked, lost, rcodes } = await stream.stop();
    expect(lost).toEqual([]);
    expect(rcodes).toEqual({ 0: asked });
  });

  it('may have a block for one address stand beside one for all, and go again', async () => {
    const { port, reload } = await startServing(ALL);
    const [client, other] = await Promise.all([
      UdpClient.open({ port }),
      UdpClient.open({ port, host: '127.0.0.2' }),
    ]);
    for (let i = 0; i < 2; i++) {
      expect(await reload(ALL, OTHER)).toBe('[INFO] Reloading complete');
      expect([await ask(client), await ask(other)]).toEqual(['NOERROR', 'REFUSED']);
      expect(await reload(ALL)).toBe('[INFO] Reloading complete');
      expect([await ask(client), await ask(other)]).toEqual(['NOERROR', 'NOERROR']);
    }
  });

  it('answers from the address that was asked, though its socket is leaving', async () => {
    const { port, upstream, reload } = await startServing(ALL);
    const answered = Promise.withResolvers<void>();
    upstream.script = () => later(answered.promise, reply());
    const client = await UdpClient.open({ port, host: '127.0.0.2' });
    const answer = ask(client);
    await upstream.waitForQueries(1);
    expect(await reload(ONE)).toBe('[INFO] Reloading complete');
    answered.resolve();
    expect(await answer).toBe('NOERROR');
  });

  it('that fails loses no query either, and leaves the port taken for another daemon', async () => {
    const { port, upstream, reload } = await startServing(ALL);
    const stream = await startQueryStream({ port, query: (number) => rawQuery({ name: `n${number}.test` }) });
    const overTcp = startAskingOverTcp(port);
    for (let i = 0; i < 3; i++) {
      await stream.settled(stream.settledCount + QUERIES_EACH);
      expect(await reload(`${ONE}\n prometheus 127.0.0.1:${upstream.port}`)).toMatch(
        /^\[ERROR\] Restart failed: .*in use/,
      );
    }
    await stream.settled(stream.settledCount + QUERIES_EACH);
    expect(new Set(await overTcp.stop())).toEqual(new Set(['NOERROR']));
    expect((await stream.stop()).lost).toEqual([]);
    const second = startDaemon({ corefile: `.:${port} {\n ${ONE}\n multisocket 2\n whoami\n}\n` });
    await expect(second).rejects.toThrow(/in use/);
    expect(await reload(ONE)).toBe('[INFO] Reloading complete');
  });
});

it('a reload that one datagram at a time does not allow is refused, and what runs goes on', async () => {
  const { port, reload } = await startServing(ALL, ['--udp', 'dgram']);
  expect(await reload(ONE)).toMatch(/^\[ERROR\] Restart failed: .*udp 127\.0\.0\.1.*already in use/);
  expect(await ask(await UdpClient.open({ port }))).toBe('NOERROR');
  expect(await askOverTcp(port)).toBe('NOERROR');
});
