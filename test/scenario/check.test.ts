/** `check` says of each Corefile whether `serve` would load it, and opens nothing: it can run beside the daemon. */
import { expect, it } from 'vitest';
import { runCli, startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { tempFile } from '../support/temp-file.ts';

const GOOD = '.:53 {\n  bind 127.0.0.1\n  cache 30\n  forward . 192.0.2.1\n  prometheus :9253\n}\n';
const BAD = '.:53 {\n  forward . 192.0.2.1 {\n    policy guess\n  }\n}\n';

it('says ok, and ends with 0', async () => {
  const file = tempFile(GOOD);
  expect(await runCli(['check', file, file])).toEqual({
    code: 0,
    stdout: `${file}: ok\n${file}: ok\n`,
    stderr: '',
  });
});

it('says what is wrong with one of several, and ends with 1', async () => {
  const [good, bad] = [tempFile(GOOD), tempFile(BAD)];
  expect(await runCli(['check', bad, good])).toEqual({
    code: 1,
    stdout: `${good}: ok\n`,
    stderr: `plugin/forward: ${bad}:3 - Error during parsing: unknown policy 'guess'\n`,
  });
});

it.each(['--json', '-json'])('says it as a line of JSON for each file with %s', async (flag) => {
  const [good, bad] = [tempFile(GOOD), tempFile(BAD)];
  const { code, stdout, stderr } = await runCli(['check', flag, good, bad, '/nowhere/Corefile']);
  expect(code).toBe(1);
  expect(stderr).toBe('');
  expect(stdout.endsWith('\n')).toBe(true);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { file: good, ok: true, error: null, warnings: [] },
    {
      file: bad,
      ok: false,
      error: `plugin/forward: ${bad}:3 - Error during parsing: unknown policy 'guess'`,
      warnings: [],
    },
    {
      file: '/nowhere/Corefile',
      ok: false,
      error: 'loading Corefile: open /nowhere/Corefile: no such file or directory',
      warnings: [],
    },
  ]);
});

it('ends with 2 when there is nothing to check', async () => {
  expect(await runCli(['check'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'expected at least one Corefile to check\n',
  });
});

it('binds nothing: the Corefile may be the one that is being served', async () => {
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  const corefile = `.:${port} {\n  bind 127.0.0.1\n  prometheus 127.0.0.1:${metrics}\n  whoami\n}\n`;
  const { corefilePath } = await startDaemon({ corefile });
  expect(await runCli(['check', corefilePath])).toMatchObject({ code: 0, stdout: `${corefilePath}: ok\n` });
});

it('takes the port of blocks that name none, as `serve` does', async () => {
  const file = tempFile('. {\n  whoami\n}\n.:5300 {\n  whoami\n}\n');
  expect(await runCli(['check', file])).toMatchObject({ code: 0 });
  expect(await runCli(['check', '-dns.port=5300', file])).toMatchObject({
    code: 1,
    stderr: `${file}:4 - cannot serve dns://.:5300 - it is already defined\n`,
  });
});
