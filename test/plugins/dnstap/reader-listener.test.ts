import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer as createBlocker, connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ReaderListener } from '../../../src/plugins/dnstap/reader-listener.ts';
import type { ListenerTls, TapOptions } from '../../../src/plugins/dnstap/options.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { selfSigned } from '../../support/self-signed.ts';
import { FakeClock, FakeLog } from '../../support/setup-context.ts';
import { tempDirectory, tempFile } from '../../support/temp-file.ts';
import { StreamReading } from './scripted-reader.ts';

interface Listening {
  readonly listener: ReaderListener;
  readonly said: string[];
  readonly dropped: { value: number };
}

function listen(endpoint: TapOptions['endpoint'], tls?: ListenerTls, skipVerify = false): Listening {
  const log = new FakeLog();
  const dropped = { value: 0 };
  const clock = new FakeClock();
  const options = {
    label: 'here',
    endpoint,
    listens: true,
    tls,
    full: false,
    writeBufferMiB: 1,
    queueTenThousands: 1,
    identity: undefined,
    version: undefined,
    extra: '',
    skipVerify,
  };
  const listener = new ReaderListener(options, { log, dropped, nowMs: () => clock.nowMs() });
  listener.open();
  onTestFinished(() => listener.close());
  return { listener, said: log.lines, dropped };
}

/** A reader that has connected by `dial`, and reads. */
async function read(dial: () => Socket, listener: ReaderListener): Promise<StreamReading> {
  for (;;) {
    const socket = dial();
    onTestFinished(() => void socket.destroy());
    const reading = new StreamReading(socket);
    await Promise.race([eventually(() => reading.controls.length === 2), once(socket, 'close')]).catch(
      () => undefined,
    );
    if (reading.controls.length === 2 && listener.takes) return reading;
  }
}

const text = (value: string): Uint8Array => Buffer.from(value);
const texts = (reading: StreamReading): string[] => reading.payloads.map((payload) => payload.toString());

describe('a place where readers connect', () => {
  it('gives each of them all from then on, over a socket of the file system', async () => {
    const path = join(tempDirectory(), 'dnstap.sock');
    const { listener, dropped } = listen({ kind: 'unix', path });
    expect(listener.takes).toBe(false);
    listener.put(text('to nobody'));
    const first = await read(() => connect(path), listener);
    listener.put(text('a'));
    const second = await read(() => connect(path), listener);
    listener.put(text('b'));
    await eventually(() => first.payloads.length === 2 && second.payloads.length === 1);
    expect([texts(first), texts(second)]).toEqual([['a', 'b'], ['b']]);
    first.socket.destroy();
    second.socket.destroy();
    await eventually(() => !listener.takes);
    listener.put(text('to nobody'));
    expect(dropped.value).toBe(0);
  });

  it('is there over TCP, and gives what waits before it goes', async () => {
    const port = await freePort();
    const { listener, said } = listen({ kind: 'tcp', host: '127.0.0.1', port });
    const reading = await read(() => connect(port, '127.0.0.1'), listener);
    listener.put(text('last'));
    await listener.close();
    expect([texts(reading), reading.controls.at(-1), said]).toEqual([['last'], 'STOP', []]);
    const late = connect(port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  it('goes when the last who uses it has gone, and may come again', async () => {
    const path = join(tempDirectory(), 'dnstap.sock');
    const { listener } = listen({ kind: 'unix', path });
    listener.open();
    const reading = await read(() => connect(path), listener);
    await listener.close();
    listener.put(text('still'));
    await eventually(() => reading.payloads.length === 1);
    await listener.close();
    await eventually(() => reading.socket.destroyed);
    listener.open();
    await read(() => connect(path), listener);
  });

  it('waits until its address is free, and says so once', async () => {
    const port = await freePort();
    const blocker = createBlocker().listen(port, '127.0.0.1');
    await once(blocker, 'listening');
    const { listener, said } = listen({ kind: 'tcp', host: '127.0.0.1', port });
    await eventually(() => said.length > 0);
    blocker.close();
    await read(() => connect(port, '127.0.0.1').on('error', () => undefined), listener);
    expect(said).toEqual([
      expect.stringMatching(/^error Failed to start dnstap listener: .*EADDRINUSE/),
      'info readers may connect to here',
    ]);
  });

  it('takes the place of a socket that a killed process has left', async () => {
    const path = join(tempDirectory(), 'dnstap.sock');
    const script =
      'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    spawnSync(process.execPath, ['-e', script, path]);
    expect(existsSync(path)).toBe(true);
    const { listener } = listen({ kind: 'unix', path });
    await read(() => connect(path), listener);
  });

  it('leaves a file alone that is no socket', async () => {
    const path = tempFile('precious');
    const { said } = listen({ kind: 'unix', path });
    await eventually(() => said.length > 0);
    const refused = connect(path);
    await expect(once(refused, 'connect')).rejects.toThrow('ECONNREFUSED');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('takes so many readers and no more', async () => {
    const path = join(tempDirectory(), 'dnstap.sock');
    const { listener, said } = listen({ kind: 'unix', path });
    for (let i = 0; i < 8; i++) await read(() => connect(path), listener);
    await once(connect(path).resume(), 'close');
    expect(said).toEqual(['warn here: more than 8 readers']);
  });
});

describe('a place where readers connect over TLS', () => {
  const own = selfSigned('127.0.0.1');
  const tls = { cert: Buffer.from(own.cert), key: Buffer.from(own.key), ca: undefined };
  const certified = { ...tls, ca: tls.cert };
  const trust = { host: '127.0.0.1', ca: own.cert };

  it('has the certificate that it was given', async () => {
    const port = await freePort();
    const { listener } = listen({ kind: 'tls', host: '127.0.0.1', port }, tls);
    const reading = await read(() => connectTls({ ...trust, port }), listener);
    listener.put(text('a'));
    await eventually(() => reading.payloads.length === 1);
  });

  it('wants certificates of readers where it knows who gives them, unless it is told not to', async () => {
    const port = await freePort();
    const { listener } = listen({ kind: 'tls', host: '127.0.0.1', port }, certified);
    const stranger = connectTls({ ...trust, port }).resume();
    await expect(once(stranger, 'close')).rejects.toThrow('certificate required');
    expect(listener.takes).toBe(false);
    await read(() => connectTls({ ...trust, port, cert: own.cert, key: own.key }), listener);
    const other = await freePort();
    const lenient = listen({ kind: 'tls', host: '127.0.0.1', port: other }, certified, true);
    await read(() => connectTls({ ...trust, port: other }), lenient.listener);
  });
});
