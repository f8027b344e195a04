/**
 * A disk without room, under each of the files that the daemon writes: it serves, says so where somebody should know, and writes when there
 * is room again. The disk is a small file system in memory that only the daemon sees.
 */
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireLab } from '../../lab/support/namespace.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { tempDirectory } from '../../support/temp-file.ts';
import { startChild } from '../../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../../support/daemon.ts';
import { TemplateDaemon } from '../support/template-daemon.ts';
import { count, openAsk, startSetting } from './setting.ts';

const { available, reason } = requireLab();

/** More than the ring of log lines holds (256 KiB), so that all of it finds room. */
const DISK_OCTETS = 512 * 1024;
const FILL = 'fill';

/** Mounts a file system on the directory $1, fills it, and becomes the command that follows, its output where `outputTo` says. */
const onFullDisk = (directory: string, outputTo = ''): readonly string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `mount -t tmpfs -o size=${DISK_OCTETS} tmpfs "$1" && cd "$1" || exit 1
   head -c ${2 * DISK_OCTETS} /dev/zero >${FILL} 2>/dev/null
   cd "$2" && shift 2 && exec "$@" ${outputTo}`,
  'sh',
  directory,
  REPOSITORY_ROOT,
];

/** The directory as the daemon sees it. */
const seenBy = (pid: number, directory: string): string => `/proc/${pid}/root${directory}`;

const makeRoom = (pid: number, directory: string): void => rmSync(join(seenBy(pid, directory), FILL));

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

describe.skipIf(!available)(`on a full disk ${reason}`, () => {
  it('the file with the process id is written later, which is said once', async () => {
    const directory = tempDirectory();
    const pidfile = join(directory, 'pid');
    const { daemon, ask } = await startSetting({
      prefix: onFullDisk(directory),
      args: ['--pidfile', pidfile],
    });
    await daemon.waitForLine(/--pidfile: ENOSPC.*tried again/);
    expect(await ask('a.test')).toMatchObject({ rcode: 'NOERROR' });
    // An empty file would be taken for one that says something.
    expect(readdirSync(seenBy(daemon.pid, directory))).toEqual([FILL]);
    makeRoom(daemon.pid, directory);
    await daemon.waitForLine(/pid is written/);
    expect(readFileSync(seenBy(daemon.pid, pidfile), 'utf8')).toBe(`${daemon.pid}\n`);
    expect(count(daemon.lines(), /--pidfile: ENOSPC/)).toBe(1);
  });

  it.each(['text', 'json'])('log lines as %s are lost and counted, and come again', async (format) => {
    const directory = tempDirectory();
    const log = join(directory, 'log');
    const { daemon, ask, metrics } = await startSetting({
      lines: 'log\ncache 300',
      prefix: onFullDisk(directory, `>${log} 2>&1`),
      args: ['--log-format', format],
      silent: true,
    });
    while ((await metrics()).sum('nodelocaldns_log_dropped_total') === 0) {
      for (let i = 0; i < 500; i++) {
        expect((await ask(`${'x'.repeat(60)}.${i % 10}.test`)).rcode).toBe('NOERROR');
      }
    }
    makeRoom(daemon.pid, directory);
    const written = (): string => readIfThere(seenBy(daemon.pid, log));
    await eventually(() => /[0-9]+ log lines? dropped/.test(written()));
    await ask('afterwards.test');
    await eventually(() => written().includes('afterwards.test'));
  });

  it('a Corefile that was made of a template is served from memory, and written at a later look', async () => {
    const directory = tempDirectory();
    const port = await freePort();
    const output = join(directory, 'Corefile');
    const node = new TemplateDaemon({ template: `.:${port} {\n  bind 127.0.0.1\n  whoami\n}\n` });
    const daemon = startChild({
      command: [...onFullDisk(directory), ...node.command, '-conf', output],
      cwd: REPOSITORY_ROOT,
    });
    await daemon.waitForLine(READY_PATTERN);
    expect(count(daemon.lines(), /Corefile is served from memory, since it cannot be written: ENOSPC/)).toBe(
      1,
    );
    const ask = await openAsk(port);
    expect(await ask('a.test')).toMatchObject({ rcode: 'NOERROR' });
    expect(readdirSync(seenBy(daemon.pid, directory))).toEqual([FILL]);
    makeRoom(daemon.pid, directory);
    daemon.signal('SIGUSR1');
    await eventually(() => readIfThere(seenBy(daemon.pid, output)).includes('whoami'));
    expect(count(daemon.lines(), /served from memory/)).toBe(1);
  });

  it('compiled code is not kept, and nobody notices', async () => {
    const directory = tempDirectory();
    const { daemon, ask } = await startSetting({
      prefix: onFullDisk(directory),
      env: { NODE_COMPILE_CACHE: join(directory, 'compiled') },
    });
    expect(await ask('a.test')).toMatchObject({ rcode: 'NOERROR' });
    expect(daemon.lines().filter((line) => !line.startsWith('[INFO]'))).toEqual([]);
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
  });
});
