import { describe, expect, it } from 'vitest';
import { applyIp, queryIp } from '../../src/host/ip-batch.ts';
import type { RunTool, ToolResult } from '../../src/host/run-tool.ts';

const saying =
  (result: Partial<ToolResult>): RunTool =>
  () =>
    Promise.resolve({ code: 0, stdout: '', stderr: '', ...result });

describe('asking ip many things at once', () => {
  it('gives each command its own answer, and none to those that failed', async () => {
    const run = saying({
      code: 1,
      stdout: '[{"ifname":"a"},{}]\n[]\n',
      stderr: 'RTNETLINK answers: Network is unreachable\nCommand failed -:2\n',
    });
    expect(await queryIp(run, ['address show to 10.0.0.1', 'route get 10.0.0.1', 'link show'])).toEqual([
      [{ ifname: 'a' }],
      undefined,
      [],
    ]);
  });

  it.each([
    {
      name: 'another ip than that of iproute2',
      said: { code: 1, stderr: 'ip: unrecognized option: json\nUsage: …' },
    },
    { name: 'one that prints text', said: { stdout: '1: lo: <LOOPBACK>\n' } },
    { name: 'one that ends before it has answered everything', said: { code: 255 } },
  ])('is refused with $name', async ({ said }) => {
    await expect(queryIp(saying(said), ['address show dev lo'])).rejects.toMatchObject({
      code: 'tool',
      message: expect.stringContaining('ip does not answer as iproute2 4.16 or later does') as unknown,
    });
  });
});

describe('changing many things at once', () => {
  it.each([
    {
      name: 'the capability is missing',
      command: 'link add x type bridge',
      said: 'RTNETLINK answers: Operation not permitted',
      code: 'permission',
      message: 'the capability NET_ADMIN is missing',
    },
    {
      name: 'the kernel has no such type',
      command: 'link add x type dummy',
      said: 'Error: Unknown device type.',
      code: 'unsupported',
      message: '--interface-type bridge',
    },
    {
      name: 'an older kernel has no such type',
      command: 'link add x type dummy',
      said: 'RTNETLINK answers: Operation not supported',
      code: 'unsupported',
      message: '--interface-type bridge',
    },
    {
      name: 'IPv6 is switched off',
      command: 'address add fd00::a/128 dev x',
      said: 'Error: ipv6: IPv6 is disabled on this device.',
      code: 'unsupported',
      message: 'IPv6 is switched off here',
    },
    {
      name: 'IPv6 is switched off, on an older kernel',
      command: 'address add fd00::a/128 dev x',
      said: 'RTNETLINK answers: Permission denied',
      code: 'unsupported',
      message: 'IPv6 is switched off here',
    },
    {
      name: 'anything else',
      command: 'address add 10.0.0.1/32 dev x',
      said: 'Error: ipv4: Address already assigned.',
      code: 'failed',
      message: 'ip address add 10.0.0.1/32 dev x: Error: ipv4: Address already assigned.',
    },
  ])('tells that $name', async ({ command, said, code, message }) => {
    const run = saying({ code: 1, stderr: `${said}\nCommand failed -:2\n` });
    await expect(applyIp(run, ['link set dev x up', command, 'route flush'])).rejects.toMatchObject({
      code,
      about: 'interface',
      message: expect.stringContaining(message) as unknown,
    });
    await expect(applyIp(run, ['link set dev x up', command])).rejects.toThrow(`ip ${command}: ${said}`);
  });

  it('starts nothing for nothing', async () => {
    await applyIp(() => Promise.reject(new Error('started')), []);
  });
});
