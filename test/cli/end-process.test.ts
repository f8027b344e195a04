/** An end that comes, whatever keeps Node from it. */
import { describe, expect, it } from 'vitest';
import { startChild } from '../support/child.ts';

const MODULE = new URL('../../src/cli/end-process.ts', import.meta.url).href;
const LATEST_MS = 100;

/** What it printed, and how it ended; `atExit` runs behind the decision, where Node's own end would be. */
async function end(atExit: string, before = ''): Promise<string> {
  const program = `
    ${before}
    const { endProcess } = await import(${JSON.stringify(MODULE)});
    process.once('exit', () => { ${atExit} });
    endProcess(7, ${LATEST_MS});`;
  const child = startChild({ command: [process.execPath, '--input-type=module', '--eval', program] });
  const { code, signal } = await child.ended;
  return [...child.lines(), signal ?? code].join(' ');
}

const FOR_EVER = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';

describe.runIf(process.platform === 'linux')('the end of a process', () => {
  it('is Node’s, with what is to be done at it', async () => {
    await expect(end('console.log("done");')).resolves.toBe('done 7');
  });

  it('comes with its exit code where Node’s does not', async () => {
    await expect(end(`console.log("waits"); ${FOR_EVER}`)).resolves.toBe('waits 7');
  });

  it('is Node’s alone where koffi cannot be loaded', async () => {
    const without = `
      const { registerHooks } = await import('node:module');
      const resolve = (specifier, context, next) => {
        if (specifier !== 'koffi') return next(specifier, context);
        console.log('asked for koffi');
        throw new Error('no build of it for this machine');
      };
      registerHooks({ resolve });`;
    await expect(end('console.log("done");', without)).resolves.toBe('asked for koffi done 7');
  });
});
