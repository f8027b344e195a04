/** The upstreams that a Corefile does not spell out are followed: the upstream Service of a template, and the name servers of a resolv.conf. */
import { renameSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream, ScriptedUpstreamOptions } from '../support/scripted-upstream.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';
import { TemplateDaemon } from './support/template-daemon.ts';

const TAKEN_OVER = /plugin\/reload: .* changed, reloading complete/;
const SERVICE = 'kube-dns-upstream.kube-system.svc.cluster.local.';

async function serve(script: Script, options: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(script, options);
  onTestFinished(() => upstream.close());
  return upstream;
}

async function answerOf(port: number, name: string): Promise<string> {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery({ name }))).answer.join(' ');
}

it(
  'a Service that was made anew is found by its name, through what is still connected to the old one',
  { timeout: 20_000 },
  async () => {
    let serviceAt = '127.0.0.1';
    const script =
      (address: string): Script =>
      ({ name }) =>
        reply({ answers: [`@ 30 IN A ${name === SERVICE ? serviceAt : address}`] });
    const before = await serve(script('192.0.2.1'));
    const after = await serve(script('192.0.2.2'), { host: '127.0.0.2', port: before.port });
    const port = await freePort();
    const node = new TemplateDaemon({
      template: `cluster.local:${port} {
    bind 127.0.0.1
    forward . __PILLAR__CLUSTER__DNS__:${before.port} {
        force_tcp
    }
}
`,
      args: ['-upstreamsvc', 'kube-dns-upstream'],
      env: { KUBE_DNS_UPSTREAM_SERVICE_HOST: '127.0.0.1' },
    });
    const daemon = await node.start();
    expect(await answerOf(port, 'a.cluster.local')).toContain('192.0.2.1');
    serviceAt = '127.0.0.2';
    const done = daemon.waitForNextLine(TAKEN_OVER);
    await daemon.waitForLine(
      /the upstream Service kube-dns-upstream\.kube-system\.svc\.cluster\.local is 127\.0\.0\.2 now/,
    );
    await done;
    expect(await answerOf(port, 'b.cluster.local')).toContain('192.0.2.2');
    expect(after.queries.map(({ name }) => name)).toContain('b.cluster.local.');
    // The address of a Service that is gone takes no new connections.
    expect(before.queries.find(({ name }) => name === SERVICE)).toMatchObject({
      transport: 'tcp',
      connection: 1,
    });
  },
);

/** Name servers of a resolv.conf have port 53, which not everybody may have. */
async function serveAt53(host: string, address: string): Promise<string | undefined> {
  try {
    await serve(() => reply({ answers: [`@ 30 IN A ${address}`] }), { host, port: 53 });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

it('name servers are those of the resolv.conf as it is', { timeout: 20_000 }, async ({ skip }) => {
  const [before, after] = ['127.77.53.1', '127.77.53.2'];
  const whyNot = (await serveAt53(before, '192.0.2.1')) ?? (await serveAt53(after, '192.0.2.2'));
  if (whyNot !== undefined) skip(`needs port 53 of ${before} and ${after}: ${whyNot}`);
  const path = tempFile(`nameserver ${before}\n`, 'resolv.conf');
  const port = await freePort();
  const daemon = await startDaemon({
    corefile: `.:${port} {\n bind 127.0.0.1\n reload 2s 0\n forward . ${path}\n}\n`,
  });
  expect(await answerOf(port, 'a.test')).toContain('192.0.2.1');
  const done = daemon.waitForNextLine(
    /plugin\/reload: A file that forward names changed, reloading complete/,
  );
  // As DHCP clients and systemd-resolved do it.
  writeFileSync(`${path}.new`, `nameserver ${after}\n`);
  renameSync(`${path}.new`, path);
  await done;
  expect(await answerOf(port, 'b.test')).toContain('192.0.2.2');
});
