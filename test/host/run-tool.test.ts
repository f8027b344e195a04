import { describe, expect, it } from 'vitest';
import { runTool, searchPath } from '../../src/host/run-tool.ts';

describe('where programs are looked for', () => {
  it('is where PATH says, and then in the usual places', () => {
    expect(searchPath('/opt/bin:/usr/bin')).toBe('/opt/bin:/usr/bin:/usr/sbin:/sbin:/bin');
  });

  it('is never relative to where this process was started', () => {
    expect(searchPath('.:bin::/opt/bin')).toBe('/opt/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  });

  it('is in the usual places where there is no PATH', () => {
    expect(searchPath(undefined)).toBe('/usr/sbin:/usr/bin:/sbin:/bin');
  });
});

describe('a tool', () => {
  it('that is missing is told by its name', async () => {
    await expect(runTool('rules', { command: 'no-such-tool', args: [] })).rejects.toMatchObject({
      code: 'tool',
      message: 'no-such-tool is not installed, or not in PATH',
    });
  });

  it('that takes too long is ended', async () => {
    const slow = runTool('rules', { command: 'sleep', args: ['60'], timeoutMs: 50 });
    await expect(slow).rejects.toThrow('sleep was ended by SIGKILL after 50 ms');
  });
});
