/** With `--log-format json` everything that `run` and its child write to standard output is one object a line, from the first to the last. */
import { describe, expect, it } from 'vitest';
import { requireLab } from '../support/namespace.ts';
import { LabHost, untilIntercepting, untilInterceptingAgain } from './lab-host.ts';

const { available, reason } = requireLab('nft', 'setpriv', 'dig');

describe.skipIf(!available)(`the log of run in JSON ${reason}`, () => {
  it('has the lines of both processes as objects, also when one dies and when both end', async () => {
    const host = new LabHost('.:53 {\n  log\n  errors\n  hosts {\n    192.0.2.1 a.test\n  }\n}\n');
    const run = host.startRun(['--log-format', 'json']);
    await untilIntercepting(run);
    host.asks('169.254.20.10');
    const again = untilInterceptingAgain(run);
    process.kill(run.servePid(), 'SIGKILL');
    await again;
    run.signal('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const lines = run.lines().map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
    for (const { level, time, msg } of lines) {
      expect(['info', 'warn', 'error']).toContain(level);
      expect(new Date(time).toISOString()).toBe(time);
      expect(msg).not.toBe('');
    }
    const components = new Set(lines.map(({ component }) => component));
    expect([...components]).toEqual(expect.arrayContaining(['guard', 'plugin/log', undefined]));
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: expect.stringMatching(/serve has ended: SIGKILL/) as string }),
    );
  });
});
