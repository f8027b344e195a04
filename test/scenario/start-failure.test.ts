/** A daemon that cannot serve says why in one line and ends with exit code 1; nothing of it is left behind. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runCli } from '../support/daemon.ts';
import { freePort, isFree } from '../support/free-port.ts';
import { tempDirectory, tempFile } from '../support/temp-file.ts';

interface Place {
  readonly port: number;
  readonly metrics: number;
}

const block = ({ port, metrics }: Place, ...lines: readonly string[]): string =>
  [`.:${port} {`, '  bind 127.0.0.1', `  prometheus 127.0.0.1:${metrics}`, ...lines, '}', ''].join('\n');

/** What is wrong with a Corefile, and the line it is told with; `FILE` stands for its path. */
const BROKEN: readonly (readonly [string, (place: Place) => string, string])[] = [
  [
    'an unknown directive',
    (place) => block(place, '  whoami', '  whoareyou'),
    "FILE:5 - Error during parsing: Unknown directive 'whoareyou'",
  ],
  [
    'a directive that node-cache has and this has not yet',
    (place) => block(place, '  kubernetes cluster.local'),
    "FILE:4 - no action found for directive 'kubernetes' with server type 'dns' (missing a plugin?): forward the zone of the cluster to the cluster DNS, which knows its Services",
  ],
  [
    'an option with a wrong value',
    (place) => block(place, '  cache {', '    success many', '  }'),
    'plugin/cache: FILE:5 - Error during parsing: strconv.Atoi: parsing "many": invalid syntax',
  ],
  [
    'a block that does not end',
    ({ port }) => `.:${port} {\n  whoami\n`,
    "FILE:2 - Syntax error: Unexpected token 'whoami', expecting '}'",
  ],
  [
    'a zone that is served twice',
    (place) => block(place, '  whoami') + block({ ...place, metrics: place.metrics }, '  whoami'),
    'FILE:6 - cannot serve dns://.:PORT on 127.0.0.1 - it is already defined',
  ],
  ['no server block', () => '# nothing\n', 'FILE:1 - Error during parsing: no server block found'],
];

it.each(BROKEN)('tells of %s with file and line', async (_, corefile, message) => {
  const place = { port: await freePort(), metrics: await freePort() };
  const file = tempFile(corefile(place));
  const pidfile = join(tempDirectory(), 'pid');
  const { code, stdout, stderr } = await runCli(['serve', '--conf', file, '--pidfile', pidfile]);
  const expected = message.replace('FILE', file).replace('PORT', String(place.port));
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${expected}\n` });
  expect(existsSync(pidfile)).toBe(false);
  expect(await isFree(place.port)).toBe(true);
  expect(await isFree(place.metrics)).toBe(true);
});

it('tells of a Corefile that is not there', async () => {
  const file = join(tempDirectory(), 'Corefile');
  expect(await runCli(['serve', '-conf', file])).toEqual({
    code: 1,
    stdout: '',
    stderr: `loading Corefile: open ${file}: no such file or directory\n`,
  });
});

it('tells of a broken Corefile that came by standard input', async () => {
  const { code, stderr } = await runCli(['serve', '--conf', 'stdin'], { input: '.:0 {\n  nonsense\n}\n' });
  expect(code).toBe(1);
  expect(stderr).toBe("/dev/stdin:2 - Error during parsing: Unknown directive 'nonsense'\n");
});

/** Somebody else on a port of 127.0.0.1. */
async function hold(protocol: 'udp' | 'tcp', port: number): Promise<void> {
  if (protocol === 'udp') {
    const socket = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
  } else {
    const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    onTestFinished(() => void server.close());
  }
}

it.each(['udp', 'tcp'] as const)(
  'names address and holder of a port that is taken over %s',
  async (protocol) => {
    const place = { port: await freePort(), metrics: await freePort() };
    await hold(protocol, place.port);
    const { code, stderr } = await runCli(['serve', '--conf', tempFile(block(place, '  whoami'))]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        String.raw`^Listen: listen ${protocol} 127\.0\.0\.1:${place.port}: bind: address already in use, held by .+ \(pid ${process.pid}\)\n$`,
      ),
    );
    expect(await isFree(place.metrics)).toBe(true);
  },
);

it('names address and holder of a page that is taken, and lets go of the DNS sockets', async () => {
  const place = { port: await freePort(), metrics: await freePort() };
  await hold('tcp', place.metrics);
  const { code, stderr } = await runCli(['serve', '--conf', tempFile(block(place, '  whoami'))]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(
      String.raw`^listen tcp 127\.0\.0\.1:${place.metrics}: address already in use by .+ \(pid ${process.pid}\)\n$`,
    ),
  );
  expect(await isFree(place.port)).toBe(true);
});

it('names an address that this host does not have', async () => {
  const port = await freePort();
  const corefile = `.:${port} {\n  bind 192.0.2.53\n  whoami\n}\n`;
  const { code, stderr } = await runCli(['serve', '--conf', tempFile(corefile)]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `Listen: listen udp 192.0.2.53:${port}: bind: no interface of this host has this address\n`,
  );
});
