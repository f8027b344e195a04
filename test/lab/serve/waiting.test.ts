/** `serve` as a unit of its own, started before the guard has made the addresses that both are told of. */
import { describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';
import { tempFile } from '../../support/temp-file.ts';
import { Namespace, requireLab } from '../support/namespace.ts';

const COREFILE = '.:53 {\n  whoami\n}\n';
const { available, reason } = requireLab('dig');

const serve = (host: Namespace, corefile: string, localip: string) =>
  host.start([process.execPath, 'src/main.ts', 'serve', '-conf', tempFile(corefile), `-localip=${localip}`], {
    cwd: REPOSITORY_ROOT,
  });

describe.skipIf(!available)(`serve before its addresses exist ${reason}`, () => {
  it('waits for an address of -localip, says so once, and serves when it is there', async () => {
    const host = Namespace.create('wait');
    const daemon = serve(host, COREFILE, '169.254.20.10,fd00:a::10');
    await daemon.waitForLine(/169\.254\.20\.10:53: bind: no interface of this host.*waiting for it/);
    host.run('ip', 'address', 'add', '169.254.20.10/32', 'dev', 'lo');
    await daemon.waitForLine(/\[fd00:a::10\]:53.*waiting for it/);
    host.run('ip', 'address', 'add', 'fd00:a::10/128', 'dev', 'lo');
    await daemon.waitForLine(/serving on 4 sockets/);
    expect(daemon.lines().filter((line) => line.includes('waiting for it'))).toHaveLength(2);
    expect(host.run('dig', '+norec', '@169.254.20.10', 'a.test')).toMatch(/status: NOERROR/);
  });

  it('ends with 0 when it is told to stop meanwhile', async () => {
    const daemon = serve(Namespace.create('wait'), COREFILE, '169.254.20.10');
    await daemon.waitForLine(/waiting for it/);
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(daemon.lines().filter((line) => /bind:/.test(line))).toHaveLength(1);
  });

  it('ends with 1 for an address that nobody told it of', async () => {
    const corefile = '.:53 {\n  bind 192.0.2.1\n  whoami\n}\n';
    const daemon = serve(Namespace.create('wait'), corefile, '169.254.20.10');
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.lines().join('\n')).toMatch(/192\.0\.2\.1:53: bind: no interface of this host/);
  });
});
