import { describe, expect, it } from 'vitest';
import { Iptables } from '../../../src/host/iptables/iptables-tool.ts';
import { fakeFiles, fakeHost } from './fake-host.ts';

const RESTORE = 'iptables-legacy-restore --noflush -w 5';

describe('a failed restore', () => {
  it.each([
    {
      code: 'lock',
      stderr: 'Another app is currently holding the xtables lock. Stopped waiting after 5s.\n',
    },
    {
      code: 'permission',
      stderr: "can't initialize iptables table `raw': Permission denied (you must be root)\n",
    },
    {
      code: 'unsupported',
      stderr: "iptables-restore v1.8.9 (legacy): iptables-restore: unable to initialize table 'raw'\n",
    },
    { code: 'unsupported', stderr: 'Table does not exist (do you need to insmod?)\n' },
    { code: 'tool', stderr: 'exec of "iptables-legacy-restore" failed: No such file or directory\n' },
    { code: 'failed', stderr: 'iptables-restore: line 3 failed: No chain/target/match by that name.\n' },
    { code: 'failed', stderr: '' },
  ])('is about $code: $stderr', async ({ code, stderr }) => {
    const { run } = fakeHost({ [RESTORE]: { code: 4, stderr } });
    const restore = new Iptables('legacy', '-legacy', run, fakeFiles({})).restore(4, '*raw\nCOMMIT\n');
    await expect(restore).rejects.toMatchObject({ name: 'HostError', about: 'rules', code });
  });

  it.each([
    { flavour: 'legacy', needs: 'NET_ADMIN and NET_RAW' },
    { flavour: 'nft', needs: 'NET_ADMIN' },
  ] as const)('names the capabilities that $flavour takes', async ({ flavour, needs }) => {
    const stderr = 'Cannot initialize: Permission denied (you must be root)\n';
    const { run } = fakeHost({ [`iptables-${flavour}-save -t raw`]: { code: 1, stderr } });
    const save = new Iptables(flavour, `-${flavour}`, run, fakeFiles({})).save(4, 'raw');
    await expect(save).rejects.toThrow(
      `the capabilities that it takes are missing (${needs}): iptables-${flavour}-save: ${stderr.trim()}`,
    );
  });

  it('says which program failed, and how, without advice on its usage', async () => {
    const stderr = "iptables-restore: line 1 failed\nTry `iptables-restore -h' for more information.\n";
    const { run } = fakeHost({ [RESTORE]: { code: 2, stderr } });
    const restore = new Iptables('legacy', '-legacy', run, fakeFiles({})).restore(4, '');
    await expect(restore).rejects.toThrow(/^iptables-legacy-restore: iptables-restore: line 1 failed$/);
  });
});
