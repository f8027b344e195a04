/** With `--log-format json` everything on standard output is one object a line, with the same few fields whatever it is about. */
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { rawQuery } from '../../support/raw-message.ts';
import { tempFile } from '../../support/temp-file.ts';
import { UdpClient } from '../../support/udp-client.ts';

/** Of a line about anything: `component` is who says it, `worker` the number of a further process of `multisocket`. */
const FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'component', 'worker', 'msg']);
const LEVELS = ['debug', 'info', 'warn', 'error'];

type Line = Readonly<Record<string, string | number>>;

function readLines(texts: readonly string[]): Line[] {
  const lines = texts.map((text) => JSON.parse(text) as Line);
  for (const line of lines) {
    expect(Object.keys(line).filter((field) => !FIELDS.has(field))).toEqual([]);
    const { level, time, msg } = line;
    expect(LEVELS).toContain(level);
    expect(new Date(time).toISOString()).toBe(time);
    expect(typeof msg).toBe('string');
    expect(msg).not.toBe('');
  }
  return lines;
}

/** Blocks that log queries, errors of either form, warnings of their own, and debug lines. */
const corefile = (port: number, deadPort: number, more = ''): string => `.:${port} {
    bind 127.0.0.1
    ${more}
    debug
    log
    errors {
        consolidate 100ms "refused$" warning
    }
    forward . 127.0.0.1:${deadPort} {
        force_tcp
        max_fails 0
    }
}
nothing.test:${port} {
    bind 127.0.0.1
    log nothing.test "{type} \\"{name}\\""
    errors
    hosts ${tempFile('', 'hosts')} {
        192.0.2.1 a.nothing.test
    }
}
`;

it('has every line of serve as an object: of queries, errors, plugins, and reloads that fail', async () => {
  const [port, deadPort] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    corefile: corefile(port, deadPort),
    args: ['--log-format', 'json'],
  });
  const client = await UdpClient.open({ port });
  await client.ask(rawQuery({ name: 'gone.test', id: 1 }));
  await client.ask(rawQuery({ name: 'nobody.nothing.test', id: 2 }));
  await daemon.waitForLine(/errors like/);
  const failed = daemon.waitForNextLine(/Restart failed/);
  daemon.reload('. {\n  forward\n}\n');
  daemon.signal('SIGUSR1');
  await failed;
  await daemon.stop();
  const lines = readLines(daemon.lines());
  const about = (component: string | undefined): Line[] =>
    lines.filter((line) => line['component'] === component);
  const plain = { level: 'info', time: expect.any(String) as string };
  const ofQuery = { ...plain, component: 'plugin/log' };
  expect(about('plugin/log')).toContainEqual({
    ...ofQuery,
    msg: expect.stringMatching(
      /^127\.0\.0\.1:\d+ - 1 "A IN gone\.test\. udp 27 false 512" SERVFAIL qr,rd,ra 27 [\d.]+s$/,
    ) as string,
  });
  expect(about('plugin/log')).toContainEqual({ ...ofQuery, msg: 'A "nobody.nothing.test."' });
  expect(about('plugin/errors')).toEqual(
    expect.arrayContaining([
      {
        ...plain,
        level: 'error',
        component: 'plugin/errors',
        msg: expect.stringMatching(/^2 nobody\.nothing\.test\. A: /),
      },
      {
        ...plain,
        level: 'warn',
        component: 'plugin/errors',
        msg: "1 errors like 'refused$' occurred in last 100ms",
      },
    ]),
  );
  expect(about(undefined).map(({ level }) => level)).toContain('error');
  expect(lines.filter((line) => 'worker' in line)).toEqual([]);
});

it('says which of the further processes a line is of', async () => {
  const [port, deadPort] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    corefile: corefile(port, deadPort, 'multisocket 2'),
    args: ['--log-format', 'json'],
  });
  await daemon.waitForLine(/2 workers serve/);
  // One after the other, each from a port of its own, so that some come to the second process.
  for (let id = 0; id < 40; id++) {
    const client = await UdpClient.open({ port });
    await client.ask(rawQuery({ name: 'gone.test', id }));
  }
  await daemon.stop();
  const queries = readLines(daemon.lines()).filter(({ msg }) => String(msg).includes('"A IN gone.test.'));
  expect(queries).toHaveLength(40);
  expect(new Set(queries.map(({ worker }) => worker))).toEqual(new Set([undefined, 1]));
});

it('keeps to it where the Corefile is made of a template with a bad part', async () => {
  const port = await freePort();
  const template = tempFile(`.:${port} {\n  bind 127.0.0.1\n  whoami\n}\n`, 'Corefile.base');
  chmodSync(dirname(template), 0o755);
  const stubs = tempFile('{"bad domain": ["192.0.2.1"]}', 'stubDomains');
  const daemon = await startDaemon({
    corefile: '',
    args: ['--log-format=json', '-basecorefile', template, '-kubednscm', dirname(stubs)],
  });
  const lines = readLines(daemon.lines());
  expect(lines).toContainEqual(
    expect.objectContaining({ level: expect.stringMatching(/warn|error/) as string }),
  );
});
