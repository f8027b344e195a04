/** The command line: flags as Go programs take them, from the environment too, and what happens to those that nobody knows. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { startChild } from '../support/child.ts';
import type { Child } from '../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT, runCli, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { tempDirectory, tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';

const corefileOn = (port: number | undefined): string =>
  `.${port === undefined ? '' : `:${port}`} {\n  bind 127.0.0.1\n  whoami\n}\n`;

/** `serve` with these flags only, in whatever way they are given. */
async function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Child> {
  const child = startChild({
    command: [process.execPath, 'src/main.ts', 'serve', ...args],
    cwd: REPOSITORY_ROOT,
    env,
  });
  await child.waitForLine(READY_PATTERN);
  return child;
}

async function answersOn(port: number): Promise<boolean> {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery({ name: 'example.org' }))).rcode === 'NOERROR';
}

it.each([
  ['two dashes and a space', (file: string, port: number) => ['--conf', file, '--dns.port', String(port)]],
  ['two dashes and an equals sign', (file: string, port: number) => [`--conf=${file}`, `--dns.port=${port}`]],
  ['one dash and a space', (file: string, port: number) => ['-conf', file, '-dns.port', String(port)]],
  ['one dash and an equals sign', (file: string, port: number) => [`-conf=${file}`, `-dns.port=${port}`]],
  ['a short name', (file: string, port: number) => ['-conf', file, '-p', String(port)]],
])('takes a flag with %s', async (_, args) => {
  const port = await freePort();
  await serve(args(tempFile(corefileOn(undefined)), port));
  expect(await answersOn(port)).toBe(true);
});

it('takes the last of a flag that is repeated', async () => {
  const port = await freePort();
  const file = tempFile(corefileOn(undefined));
  const child = await serve([
    '-conf=/nowhere/Corefile',
    '--conf',
    file,
    '-p=1',
    `-dns.port=${port}`,
    '--log-format=json',
    '-log-format',
    'text',
  ]);
  expect(await answersOn(port)).toBe(true);
  expect(child.lines()[0]).toMatch(/^\[INFO\] /);
});

it('takes from the environment what is not given as a flag, and leaves other variables alone', async () => {
  const [port, other] = await Promise.all([freePort(), freePort()]);
  const env = {
    NODELOCALDNS_CONF: tempFile(corefileOn(undefined)),
    NODELOCALDNS_DNS_PORT: String(other),
    NODELOCALDNS_LOG_FORMAT: 'json',
    // What Kubernetes sets for a Service called `nodelocaldns`.
    NODELOCALDNS_SERVICE_HOST: '10.96.0.20',
    NODELOCALDNS_PORT: 'tcp://10.96.0.20:53',
    NODELOCALDNS_PORT_53_TCP_ADDR: '10.96.0.20',
  };
  const child = await serve(['--dns.port', String(port)], env);
  expect(await answersOn(port)).toBe(true);
  expect(child.lines().map((line) => (JSON.parse(line) as { level: string }).level)).not.toContain('error');
});

it('reads the Corefile from standard input', async () => {
  const port = await freePort();
  const file = tempFile(corefileOn(port));
  const command = `exec "${process.execPath}" src/main.ts serve -conf stdin < "${file}"`;
  const child = startChild({ command: ['sh', '-c', command], cwd: REPOSITORY_ROOT });
  await child.waitForLine(READY_PATTERN);
  expect(await answersOn(port)).toBe(true);
});

it('writes its process id where it is told, and takes it away', async () => {
  const pidfile = join(tempDirectory(), 'pid');
  const daemon = await startDaemon({ corefile: corefileOn(await freePort()), args: ['-pidfile', pidfile] });
  expect(readFileSync(pidfile, 'utf8')).toBe(`${daemon.pid}\n`);
  await daemon.stop();
  expect(existsSync(pidfile)).toBe(false);
});

it('says nothing at start when it is told to be quiet', async () => {
  const port = await freePort();
  const child = startChild({
    command: [process.execPath, 'src/main.ts', 'serve', '-conf', tempFile(corefileOn(port)), '-quiet'],
    cwd: REPOSITORY_ROOT,
  });
  const client = await UdpClient.open({ port });
  const query = rawQuery({ name: 'example.org' });
  const isUp = (): Promise<boolean> =>
    client.ask(query, 50).then(
      () => true,
      () => false,
    );
  await eventually(isUp);
  expect(child.lines()).toEqual([]);
});

it.each(['--version', '-version'])('says its version with %s', async (flag) => {
  expect(await runCli([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

it('explains itself with --help', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/run +guard and serve/);
  expect(stdout).toMatch(/guard +let queries reach the cache/);
  expect(stdout).toMatch(/serve +answer queries/);
  expect(stdout).toMatch(/check \[file\.\.\] +say whether/);
  const ofServe = await runCli(['serve', '-help']);
  expect(ofServe.code).toBe(0);
  for (const flag of [
    '--conf',
    '-p, --dns.port',
    '--log-format',
    '--debug',
    '--quiet',
    '--pidfile',
    '--grace',
  ]) {
    expect(ofServe.stdout).toContain(flag);
  }
});

it.each([
  ['an unknown flag', ['serve', '-bogus'], 'Unknown argument: bogus'],
  ['an unknown flag of check', ['check', '--quiet', 'x'], 'Unknown argument: quiet'],
  ['an unknown subcommand', ['bogus'], 'Unknown argument: bogus'],
  ['no subcommand', [], 'expected a subcommand: run, guard, serve or check'],
  ['an operand of serve', ['serve', 'Corefile'], 'Unknown argument: Corefile'],
  ['a flag without its value', ['serve', '-conf'], 'Not enough arguments following: conf'],
  ['a format that is none', ['serve', '--log-format', 'xml'], 'Invalid values:'],
  [
    'a port that is none',
    ['serve', '-p', '99999'],
    '--dns.port: expected a port from 0 to 65535, found "99999"',
  ],
  ['a port that is none for check', ['check', '-p', 'dns', 'x'], '--dns.port: expected a port'],
  [
    'an unknown flag of node-cache',
    ['-localip', '192.0.2.1', '-setupebtables'],
    'Unknown argument: setupebtables',
  ],
  ['a flag of run for guard', ['guard', '-conf', 'x'], 'Unknown argument'],
  [
    'a switch that is neither on nor off',
    ['run', '-setupiptables=maybe'],
    '--setupiptables: expected true or false',
  ],
  [
    'a lease that is too short',
    ['guard', '-lease', '1ms'],
    '--lease: expected from 500ms to 10s, found "1ms"',
  ],
  ['node-cache’s flags without addresses', ['-conf', 'x'], 'expected a subcommand'],
  ['a duration that is none', ['serve', '-grace', '5'], '--grace: time: missing unit in duration "5"'],
])('ends with 2 and says how it is used: %s', async (_, args, message) => {
  const { code, stdout, stderr } = await runCli(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  const [first, ...rest] = stderr.split('\n');
  expect(first).toContain(message);
  expect(rest.join('\n')).toContain('Options:');
});

it.each([
  ['run without addresses', ['run', '-conf', 'x'], /^invalid localip specified - ""/],
  ['guard without addresses', ['guard'], /^invalid localip specified - ""/],
  [
    'a malformed address',
    ['-localip', '10.0.0.300', '-conf', 'x'],
    /^-localip: "10\.0\.0\.300" is not an IP address\n$/,
  ],
  ['run without a Corefile', ['-localip', '192.0.2.1'], /^no Corefile/],
  [
    'a Corefile that is not there',
    ['-localip=192.0.2.1', '-conf', '/nowhere'],
    /^loading Corefile: open \/nowhere: no such file/,
  ],
])('ends with 1 and one line before it touches the host: %s', async (_, args, message) => {
  const { code, stdout, stderr } = await runCli(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

it('lists the plugins, as node-cache does', async () => {
  const { code, stdout } = await runCli(['-plugins', '-localip', '192.0.2.1']);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toContain('dns.forward');
});
