/** A start from a template: what it needs, what it writes, and what it says when something is missing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { tempDirectory, tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';
import { TemplateDaemon } from './support/template-daemon.ts';

const rcodeOf = async (port: number, name: string): Promise<string> => {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery({ name }))).rcode;
};

it('fills in the address of the Service, and writes what it serves', async () => {
  const port = await freePort();
  const node = new TemplateDaemon({
    template: `__PILLAR__DNS__DOMAIN__:${port} {\n    forward . __PILLAR__CLUSTER__DNS__\n}\nwho.test:${port} {\n    whoami\n}\n`,
    args: ['-upstreamsvc', 'kube-dns-upstream', '--cluster-domain', 'cluster.local.'],
    env: { KUBE_DNS_UPSTREAM_SERVICE_HOST: '192.0.2.53' },
  });
  await node.start();
  expect(node.written()).toBe(
    `cluster.local:${port} {\n    forward . 192.0.2.53\n}\nwho.test:${port} {\n    whoami\n}\n`,
  );
  expect(await rcodeOf(port, 'a.who.test')).toBe('NOERROR');
});

it('serves from memory what it cannot write', async () => {
  const port = await freePort();
  const template = `.:${port} {\n    whoami # __PILLAR__CLUSTER__DNS__\n}\n`;
  const node = new TemplateDaemon({ template, args: ['-conf', '/proc/nowhere/Corefile'] });
  const daemon = await node.start();
  expect(daemon.lines()).toContain(
    '[INFO] /proc/nowhere/Corefile is served from memory, since it cannot be written: ENOENT: no such file or directory',
  );
  expect(await rcodeOf(port, 'a.test')).toBe('NOERROR');
});

it('reloads a template for SIGUSR1 too, with other files that it imports', async () => {
  const port = await freePort();
  const node = new TemplateDaemon({ template: `.:${port} {\n    import extra\n}\n` });
  const extra = join(node.directory, 'extra');
  writeFileSync(extra, 'whoami\n');
  const daemon = await node.start();
  writeFileSync(extra, 'template ANY ANY {\n  rcode NXDOMAIN\n}\n');
  const done = daemon.waitForLine(/Reloading complete/);
  daemon.signal('SIGUSR1');
  await done;
  expect(await rcodeOf(port, 'a.test')).toBe('NXDOMAIN');
});

it('does not start without the Service that its template asks, and says what to do', async () => {
  const node = new TemplateDaemon({ template: '.:53 {\n    forward . __PILLAR__CLUSTER__DNS__\n}\n' });
  const child = node.launch();
  expect(await child.ended).toEqual({ code: 1, signal: null });
  expect(child.lines()).toEqual([
    `${node.base}:2 - __PILLAR__CLUSTER__DNS__ stands for the address of the Service kube-dns, and KUBE_DNS_SERVICE_HOST holds none: the Service has to be there, in the same namespace, before the container starts (-upstreamsvc names another one)`,
  ]);
});

it.each([
  ['a domain that is none', ['--cluster-domain', 'a b'], '--cluster-domain: expected a domain such as'],
  [
    'an address without a port',
    ['-prometheus-listen-address', '9253'],
    '--prometheus-listen-address: address 9253',
  ],
  ['two texts', ['-conf', 'stdin'], '--conf: expected a file to write the Corefile to'],
])('ends with 2 for %s', async (_name, args, message) => {
  const { code, stderr } = await runCli(['serve', '-basecorefile', tempFile(''), ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

it('says at the start of run which file is missing', async () => {
  const missing = join(tempDirectory(), 'Corefile.base');
  const { code, stderr } = await runCli(['-localip', '192.0.2.1', '-conf', 'x', '-basecorefile', missing]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `loading Corefile: open ${missing}: no such file or directory\n`,
  });
});

it('takes -corefile where -conf is not given', async () => {
  const { stderr } = await runCli(['serve', '-corefile', '/nowhere']);
  expect(stderr).toBe('loading Corefile: open /nowhere: no such file or directory\n');
});

it('checks a template with what its variables stand for', async () => {
  const template = tempFile(
    '__PILLAR__DNS__DOMAIN__:53 {\n  bind __PILLAR__LOCAL__DNS__\n  forward . __PILLAR__CLUSTER__DNS__\n}\n',
  );
  const env = { KUBE_DNS_UPSTREAM_SERVICE_HOST: '192.0.2.53' };
  const unfilled = await runCli(['check', template], { env });
  expect(unfilled.code).toBe(1);
  expect(unfilled.stderr).toContain(`${template}:1 - __PILLAR__DNS__DOMAIN__ stands for`);
  const flags = [
    '-localip',
    '169.254.20.10',
    '-upstreamsvc',
    'kube-dns-upstream',
    '--cluster-domain',
    'c.test',
  ];
  expect(await runCli(['check', template, ...flags], { env })).toEqual({
    code: 0,
    stdout: `${template}: ok\n`,
    stderr: '',
  });
});
