/**
 * Files below /proc/net, which are those of a network namespace: read and written by this process itself where it lives in the namespace that
 * its tools work on, which is always so but in tests; by `cat` and `sh` there otherwise. Written by ourselves they cost no process and wait
 * for no lock, which is what makes disarming certain on a host that has no memory left.
 */
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { codeOf, messageOf } from '../../base/error-message.ts';
import { HostError } from '../host-error.ts';
import type { RunTool } from '../run-tool.ts';

export interface FileWrite {
  readonly path: string;
  readonly text: string;
}

export interface NamespaceFiles {
  /** @returns undefined when there is no such file */
  read(path: string): Promise<string | undefined>;
  /**
   * Writes into files that exist, one `write` each, in this order.
   *
   * @returns false when one does not exist; the others were written
   */
  write(writes: readonly FileWrite[]): Promise<boolean>;
}

const OWN_NAMESPACE = '/proc/self/ns/net';

export async function openNamespaceFiles(run: RunTool): Promise<NamespaceFiles> {
  return (await worksHere(run)) ? ownFiles : filesThrough(run);
}

/** Without `readlink` there is no prefix that could lead elsewhere: tests have it. */
async function worksHere(run: RunTool): Promise<boolean> {
  try {
    const { code, stdout } = await run('rules', { command: 'readlink', args: [OWN_NAMESPACE] });
    return code !== 0 || stdout.trim() === readlinkSync(OWN_NAMESPACE);
  } catch {
    return true;
  }
}

const ownFiles: NamespaceFiles = {
  read: async (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw fileError(path, error);
    }
  },
  write: async (writes) => {
    let all = true;
    for (const { path, text } of writes) {
      try {
        // Not `w`: there is nothing to create or to cut off.
        writeFileSync(path, text, { flag: 'r+' });
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw fileError(path, error);
        all = false;
      }
    }
    return all;
  },
};

function fileError(path: string, error: unknown): HostError {
  const code = ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '') ? 'permission' : 'failed';
  return new HostError('rules', code, `${path}: ${messageOf(error)}`, { cause: error });
}

const NO_SUCH_FILE = 44;
const WRITE_SCRIPT = `all=0
while [ $# -gt 1 ]; do
  if [ -e "$1" ]; then printf %s "$2" > "$1" || exit 1; else all=${NO_SUCH_FILE}; fi
  shift 2
done
exit $all`;

const filesThrough = (run: RunTool): NamespaceFiles => ({
  read: async (path) => {
    const { code, stdout } = await run('rules', { command: 'cat', args: [path] });
    return code === 0 ? stdout : undefined;
  },
  write: async (writes) => {
    const pairs = writes.flatMap(({ path, text }) => [path, text]);
    const { code, stderr } = await run('rules', {
      command: 'sh',
      args: ['-c', WRITE_SCRIPT, 'sh', ...pairs],
    });
    if (code !== 0 && code !== NO_SUCH_FILE) throw new HostError('rules', 'failed', stderr.trim());
    return code === 0;
  },
});
