import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openNamespaceFiles } from '../../../src/host/iptables/namespace-files.ts';
import { runTool } from '../../../src/host/run-tool.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { atTestEnd } from '../../support/at-test-end.ts';

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'nodelocaldns-files-'));
  atTestEnd(() => rmSync(made, { recursive: true }));
  return made;
}

/** Tools that work on another namespace than ours, as far as they say; what they ran is recorded. */
function elsewhere(ran: string[]): RunTool {
  return (about, call) => {
    if (call.command === 'readlink') return Promise.resolve({ code: 0, stdout: 'net:[1]\n', stderr: '' });
    ran.push(call.command);
    return runTool(about, call);
  };
}

describe.each([
  { where: 'of our own namespace', open: () => openNamespaceFiles(runTool) },
  { where: 'of another namespace', open: () => openNamespaceFiles(elsewhere([])) },
])('files $where', ({ open }) => {
  it('are read, or said to be missing', async () => {
    const files = await open();
    const path = join(directory(), 'a');
    expect(await files.read(path)).toBeUndefined();
    writeFileSync(path, 'text');
    expect(await files.read(path)).toBe('text');
  });

  it('are written in order, also behind one that is missing, and never made', async () => {
    const files = await open();
    const [here, missing] = ['a', 'b'].map((name) => join(directory(), name));
    if (here === undefined || missing === undefined) throw new Error('no paths');
    writeFileSync(here, '');
    expect(await files.write([{ path: here, text: '-10.96.0.10' }])).toBe(true);
    expect(readFileSync(here, 'utf8')).toBe('-10.96.0.10');
    const writes = [
      { path: missing, text: '+1' },
      { path: here, text: '+fd00:10:96::a' },
    ];
    expect(await files.write(writes)).toBe(false);
    expect(readFileSync(here, 'utf8')).toBe('+fd00:10:96::a');
    expect(await files.read(missing)).toBeUndefined();
  });
});

describe('whose files they are', () => {
  it('is asked once, and ours cost no process from then on', async () => {
    const ran: string[] = [];
    const files = await openNamespaceFiles((about, call) => {
      ran.push(call.command);
      return runTool(about, call);
    });
    await files.read('/proc/net/ip_tables_names');
    await files.write([{ path: join(directory(), 'a'), text: '' }]);
    expect(ran).toEqual(['readlink']);
  });

  it('is told by the tools', async () => {
    const ran: string[] = [];
    const files = await openNamespaceFiles(elsewhere(ran));
    await files.read('/proc/net/ip_tables_names');
    expect(ran).toEqual(['cat']);
  });
});
