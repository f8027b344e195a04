/** With the `reload` plugin a changed Corefile is taken over without a signal, and what fails is tried again when there is reason to. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { UdpClient } from '../support/udp-client.ts';

/** The shortest interval there is: 2 s. */
const RELOAD = 'reload 2s 0';

const corefileOn = (port: number, metrics: number, ...keys: readonly string[]): string =>
  `.:${port} ${keys.join(' ')} {\n bind 127.0.0.1\n ${RELOAD}\n whoami\n prometheus 127.0.0.1:${metrics}\n}\n`;

async function rcodeOn(port: number): Promise<string> {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery({ name: 'example.org' }))).rcode;
}

it('finds a change by itself, complains of a broken Corefile once, and takes the next good one', async () => {
  const [port, added, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
  const daemon = await startDaemon({ corefile: corefileOn(port, metrics) });
  await daemon.waitForLine(/^\[INFO\] plugin\/reload: Running configuration SHA512 = [0-9a-f]{128}$/);

  const complaint = daemon.waitForNextLine(/plugin\/reload: Corefile/);
  daemon.reload(`.:${port} {\n  nonsense\n}\n`);
  expect(await complaint).toBe(
    `[WARNING] plugin/reload: Corefile parse failed: ${daemon.corefilePath}:2 - Error during parsing: Unknown directive 'nonsense'`,
  );
  expect(await rcodeOn(port)).toBe('NOERROR');

  const done = daemon.waitForNextLine(/plugin\/reload: Corefile/);
  daemon.reload(corefileOn(port, metrics, `.:${added}`));
  expect(await done).toBe('[INFO] plugin/reload: Corefile changed, reloading complete');
  expect(await rcodeOn(added)).toBe('NOERROR');
  const page = await scrape(metrics);
  expect(page.series('coredns_reload_version_info')).toEqual([
    expect.stringMatching(/^hash=sha512 value=[0-9a-f]{128}$/),
  ]);
});

it('tries a port that is taken again at every look, and complains once', async () => {
  const [port, taken, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
  const daemon = await startDaemon({ corefile: corefileOn(port, metrics) });
  const holder = createServer().listen({ port: taken, host: '127.0.0.1', exclusive: true });
  await once(holder, 'listening');
  onTestFinished(() => void holder.close());

  const complaint = daemon.waitForNextLine(/Corefile changed/);
  daemon.reload(corefileOn(port, metrics, `.:${taken}`));
  expect(await complaint).toMatch(
    new RegExp(
      String.raw`^\[ERROR\] plugin/reload: Corefile changed but reload failed: .*:${taken}: .*\(pid ${process.pid}\)$`,
    ),
  );
  const failures = async (): Promise<number> => (await scrape(metrics)).sum('coredns_reload_failed_total');
  await eventually(async () => (await failures()) >= 2);
  expect(await rcodeOn(port)).toBe('NOERROR');

  const done = daemon.waitForNextLine(/Corefile changed/);
  await new Promise((closed) => holder.close(closed));
  expect(await done).toBe('[INFO] plugin/reload: Corefile changed, reloading complete');
  expect(await rcodeOn(taken)).toBe('NOERROR');
  // Lines come in their order, so no more complaints are on their way.
  expect(daemon.lines().filter((line) => line.includes('reload failed'))).toHaveLength(1);
});
