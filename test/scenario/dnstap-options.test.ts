/** Options of `dnstap` lines, told apart by readers that the test holds in its hand: room for slow readers, names, and TLS. */
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { readFields, octetsOf } from '../plugins/dnstap/read-protobuf.ts';
import { StreamReading, startReader } from '../plugins/dnstap/scripted-reader.ts';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery } from '../support/raw-message.ts';
import { selfSigned } from '../support/self-signed.ts';
import { TcpClient } from '../support/tcp-client.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';
import { longAnswerHosts, longAnswerQueries } from './support/long-answer.ts';

/**
 * Answers of 7 MB together. A reader that takes nothing has room for about 5.2 MB with the sizes that are given by default: 1 MiB on the
 * connection, 4 MiB behind it, and what the kernel keeps.
 */
const QUERIES = 110;

/** Fields of a `Dnstap` message. */
const IDENTITY = 1;
const VERSION = 2;

/** What a message says of who has sent it. */
function sender(payload: Buffer): string[] {
  const fields = readFields(payload);
  return [IDENTITY, VERSION].map((field) => String(octetsOf(fields, field)));
}

it('gives a reader that takes nothing the room that WRITEBUFFER and QUEUE say', async () => {
  const readers = await Promise.all(Array.from({ length: 3 }, () => startReader({ stalls: true })));
  const sizes = ['1 1', '4 1', '1 2'];
  const taps = readers.map(({ path }, i) => `dnstap ${path} full ${sizes[i]}`);
  const hosts = longAnswerHosts();
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `test:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      ${taps.join('\n')}
      hosts ${hosts}
    }
`,
  });
  await eventually(() => readers.every(({ controls }) => controls.length === 2));
  const client = await TcpClient.open({ port });
  client.write(longAnswerQueries(QUERIES));
  await client.waitForMessages(QUERIES);
  const page = await scrape(metricsPort);
  const [usual, moreAhead, moreBehind] = readers.map(({ path }) =>
    page.sum('nodelocaldns_dnstap_dropped_total', { endpoint: path }),
  );
  expect(usual).toBeGreaterThan(0);
  expect([moreAhead, moreBehind]).toEqual([0, 0]);
});

it('says `identity` and `version` in each message', async () => {
  const reader = await startReader();
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      dnstap ${reader.path} full 2 3 {
        identity node-1
        version "our DNS 7"
      }
      whoami
    }
`,
  });
  const client = await UdpClient.open({ port });
  await client.ask(rawQuery({ name: 'www.test' }));
  await reader.waitForPayloads(2);
  expect(reader.payloads.map(sender)).toEqual([
    ['node-1', 'our DNS 7'],
    ['node-1', 'our DNS 7'],
  ]);
});

/** What messages say of whose they are, each once. */
const versions = (payloads: readonly Buffer[]): string[] => [
  ...new Set(payloads.map((payload) => sender(payload)[1])),
];

/** A reader that connects, again until it is let in. */
async function connectReader(options: ConnectionOptions): Promise<StreamReading> {
  let reading: StreamReading | undefined;
  onTestFinished(() => void reading?.socket.destroy());
  await eventually(() => {
    if (reading === undefined || reading.socket.destroyed) reading = new StreamReading(connectTls(options));
    return reading.controls.length === 2;
  });
  if (reading === undefined) throw new Error('nobody has connected');
  return reading;
}

it('speaks TLS: to a reader whose certificate nobody knows with `skipverify`, and to readers that connect with `tls`', async () => {
  const theirs = selfSigned('elsewhere.test');
  const reached: StreamReading[] = [];
  const server = createTlsServer({ key: theirs.key, cert: theirs.cert }, (socket) => {
    reached.push(new StreamReading(socket));
  }).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const { socket } of reached) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the reader has no port');

  const ours = selfSigned('127.0.0.1');
  const [cert, key] = [tempFile(ours.cert, 'cert.pem'), tempFile(ours.key, 'key.pem')];
  const [port, tapPort] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      dnstap tls://127.0.0.1:${address.port} {
        version trusting
        skipverify
      }
      dnstap tls://127.0.0.1:${address.port} {
        version careful
      }
      dnstap listen tls://127.0.0.1:${tapPort} {
        version listening
        tls ${cert} ${key} ${cert}
      }
      whoami
    }
`,
  });
  await daemon.waitForLine(/No connection to dnstap endpoint: tls:\/\/127\.0\.0\.1:\d+: .*certificate/);
  const place = { host: '127.0.0.1', port: tapPort, ca: ours.cert };
  const known = await connectReader({ ...place, cert: ours.cert, key: ours.key });
  const stranger = new StreamReading(connectTls(place));
  await new Promise((closed) => void stranger.socket.once('close', closed));
  await eventually(() => reached.some(({ controls }) => controls.length === 2));

  const client = await UdpClient.open({ port });
  const received = (): Buffer[] => reached.flatMap(({ payloads }) => payloads);
  await eventually(async () => {
    await client.ask(rawQuery({ name: 'www.test' }));
    return known.payloads.length > 0 && received().length > 0;
  });
  expect(versions(known.payloads)).toEqual(['listening']);
  expect(versions(received())).toEqual(['trusting']);
  expect([stranger.controls, stranger.payloads]).toEqual([[], []]);
});
