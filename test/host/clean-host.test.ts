import { describe, expect, it } from 'vitest';
import { cleanHost } from '../../src/host/clean-host.ts';
import { HostError } from '../../src/host/host-error.ts';
import type { RunTool, ToolResult } from '../../src/host/run-tool.ts';

const GONE: ToolResult = {
  code: 1,
  stdout: '',
  stderr: 'Error: Could not process rule: No such file or directory\n',
};
const NO_LINK: ToolResult = {
  code: 1,
  stdout: '',
  stderr: 'Device "dns0" does not exist.\nCommand failed -:1\n',
};

/** A host whose nft and ip say this, or are not there. */
const host =
  (tools: { nft?: ToolResult; ip?: ToolResult }): RunTool =>
  (about, { command }) => {
    const result = command === 'nft' ? tools.nft : tools.ip;
    if (result !== undefined) return Promise.resolve(result);
    return Promise.reject(new HostError(about, 'tool', `${command} is not installed, or not in PATH`));
  };

const clean = (run: RunTool, cleanFormerRules = (): Promise<readonly string[]> => Promise.resolve([])) =>
  cleanHost({ interfaceName: 'dns0', run, cleanFormerRules });

describe('cleaning the host', () => {
  it('finds nothing to do where there is nothing of ours', async () => {
    expect(await clean(host({ nft: GONE, ip: NO_LINK }))).toEqual({ done: [], failures: [] });
  });

  it('needs no nft', async () => {
    expect(await clean(host({ ip: NO_LINK }))).toEqual({ done: [], failures: [] });
  });

  it('goes on past what fails, and tells each', async () => {
    const run = host({ nft: { ...GONE, stderr: 'Operation not permitted (you must be root)\n' } });
    const { done, failures } = await clean(run, () => Promise.reject(new Error('the lock is held')));
    expect(done).toEqual([]);
    expect(failures).toEqual([
      expect.stringMatching(/^nftables rules need the capability NET_ADMIN .*\(nft: Operation not permitted/),
      'the lock is held',
      'ip is not installed, or not in PATH',
    ]);
  });
});
