/** Edits of the ConfigMaps take effect by themselves, cost no query, and cost nothing at all when they are mistakes. */
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { startQueryStream } from '../support/query-stream.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';
import { TemplateDaemon } from './support/template-daemon.ts';

const TAKEN_OVER = /plugin\/reload: .* changed, reloading complete/;

async function startUpstream(address: string): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(() => reply({ answers: [`@ 1 IN A ${address}`] }));
  onTestFinished(() => upstream.close());
  return upstream;
}

/** Without the plugin `reload`: what has changed is seen by the daemon itself. */
const templateOn = (port: number, more = ''): string => `.:${port} {
    errors
    prometheus __PROMETHEUS__ENDPOINT__
    forward . __PILLAR__UPSTREAM__SERVERS__
    ${more}
}
`;

async function upstreamOf(port: number, name: string): Promise<string> {
  const client = await UdpClient.open({ port });
  const { answer } = readReply(await client.ask(rawQuery({ name })));
  return answer.join(' ');
}

it('serves stub domains and upstreams of the ConfigMap as they come, change and go, and loses no query', async () => {
  const [all, one, other] = await Promise.all(['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(startUpstream));
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  const upstreamNameservers = JSON.stringify([`127.0.0.1:${all.port}`]);
  const stubTo = (upstream: ScriptedUpstream): Record<string, string> => ({
    upstreamNameservers,
    stubDomains: JSON.stringify({ 'stub.test': [`127.0.0.1:${upstream.port}`] }),
  });
  const node = new TemplateDaemon({
    template: templateOn(port),
    kubeDns: { upstreamNameservers },
    args: ['-p', String(port), '-prometheus-listen-address', `127.0.0.1:${metrics}`],
  });
  const daemon = await node.start();
  expect(await upstreamOf(port, 'a.stub.test')).toContain('192.0.2.1');
  const stream = await startQueryStream({ port, query: (n) => rawQuery({ name: `n${n}.test` }) });

  for (const [data, address] of [
    [stubTo(one), '192.0.2.2'],
    [stubTo(other), '192.0.2.3'],
    [{ upstreamNameservers }, '192.0.2.1'],
  ] as const) {
    const done = daemon.waitForNextLine(TAKEN_OVER);
    node.setKubeDns(data);
    await done;
    // Each time a name that no cache has.
    expect(await upstreamOf(port, `for-${address}.stub.test`)).toContain(`A ${address}`);
    await stream.settled(stream.settledCount + 50);
  }
  const { asked, lost, rcodes } = await stream.stop();
  expect(lost).toEqual([]);
  expect(rcodes).toEqual({ 0: asked });
  expect(node.written()).toBe(
    templateOn(port)
      .replace('__PROMETHEUS__ENDPOINT__', `127.0.0.1:${metrics}`)
      .replace('__PILLAR__UPSTREAM__SERVERS__', `127.0.0.1:${all.port}`),
  );
});

it('serves on whatever mistakes are made, tells them, and recovers from each', async () => {
  const [all, stub] = await Promise.all(['192.0.2.1', '192.0.2.2'].map(startUpstream));
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  const upstreamNameservers = JSON.stringify([`127.0.0.1:${all.port}`]);
  const stubs = { upstreamNameservers, stubDomains: `{"stub.test": ["127.0.0.1:${stub.port}"]}` };
  const node = new TemplateDaemon({
    template: templateOn(port),
    kubeDns: stubs,
    args: ['-p', String(port), '-prometheus-listen-address', `127.0.0.1:${metrics}`],
  });
  const daemon = await node.start();
  const errors = async (): Promise<number> =>
    (await scrape(metrics)).sum('coredns_nodecache_setup_errors_total');
  expect(await errors()).toBe(0);

  // Half a text: the domains stay.
  let said = daemon.waitForNextLine(/^\[ERROR\]/);
  node.setKubeDns({ ...stubs, stubDomains: '{"stub.test": ["127.0' });
  expect(await said).toMatch(/stubDomains of the kube-dns ConfigMap stays as it was: /);
  expect(await upstreamOf(port, 'a.stub.test')).toContain('192.0.2.2');

  // A bad domain beside a good one costs itself.
  said = daemon.waitForNextLine(TAKEN_OVER);
  node.setKubeDns({
    ...stubs,
    stubDomains: `{"bad.test": ["ns.bad.test"], "stub.test": ["127.0.0.1:${stub.port}"], "new.test": ["127.0.0.1:${stub.port}"]}`,
  });
  await said;
  expect(await upstreamOf(port, 'a.new.test')).toContain('192.0.2.2');
  expect(await upstreamOf(port, 'a.bad.test')).toContain('192.0.2.1');
  expect(await errors()).toBe(2);

  // A template that cannot be served leaves what was.
  said = daemon.waitForNextLine(/Corefile parse failed/);
  node.setTemplate(templateOn(port, 'nonsense'));
  expect(await said).toMatch(new RegExp(`${node.output}:5 - .*Unknown directive 'nonsense'`));
  expect(await upstreamOf(port, 'a.stub.test')).toContain('192.0.2.2');

  // And so does one that asks for what nobody knows.
  said = daemon.waitForNextLine(/Corefile parse failed/);
  node.setTemplate(templateOn(port, 'forward __PILLAR__DNS__DOMAIN__ 192.0.2.9'));
  expect(await said).toMatch(
    /Corefile\.base:5 - __PILLAR__DNS__DOMAIN__ stands for the domain of the cluster/,
  );

  said = daemon.waitForNextLine(TAKEN_OVER);
  node.setTemplate(templateOn(port, 'cache 30'));
  node.setKubeDns(stubs);
  await said;
  await eventually(async () => (await upstreamOf(port, 'b.new.test')).includes('192.0.2.1'));
  expect(daemon.lines().at(-1)).toMatch(TAKEN_OVER);
});

it('follows the name servers of a file that the template names', async () => {
  const port = await freePort();
  const node = new TemplateDaemon({ template: '', kubeDns: { 'resolv.conf': 'nameserver 192.0.2.1\n' } });
  const resolvConf = `${node.directory}/kube-dns/resolv.conf`;
  node.setTemplate(`.:${port} {\n    forward . ${resolvConf}\n}\n`);
  const daemon = await node.start();
  const said = daemon.waitForNextLine(TAKEN_OVER);
  node.setKubeDns({ 'resolv.conf': 'nameserver 192.0.2.2\n' });
  expect(await said).toContain('A file that forward names changed');
  // Half written: what was good stays, and is followed again.
  const refused = daemon.waitForNextLine(/reload failed/);
  node.setKubeDns({ 'resolv.conf': '' });
  expect(await refused).toContain('no valid upstream addresses found');
  const again = daemon.waitForNextLine(TAKEN_OVER);
  node.setKubeDns({ 'resolv.conf': 'nameserver 192.0.2.3\n' });
  await again;
});
