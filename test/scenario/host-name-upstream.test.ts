/** An upstream that is a host name is asked wherever its name is, from the start on and as it moves, and nobody's question is lost by that. */
import { expect, it, onTestFinished } from 'vitest';
import { runCli, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream, ScriptedUpstreamOptions } from '../support/scripted-upstream.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';

async function serve(script: Script, options: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(script, options);
  onTestFinished(() => upstream.close());
  return upstream;
}

const pointingTo =
  (address: string, ttlSeconds: number): Script =>
  ({ type }) =>
    reply({ answers: type === 'A' ? [`@ ${ttlSeconds} IN A ${address}`] : [] });

const answering =
  (address: string): Script =>
  () =>
    reply({ answers: [`@ 60 IN A ${address}`] });

const corefileOf = (
  port: number,
  upstream: ScriptedUpstream,
  resolver: ScriptedUpstream,
): string => `.:${port} {
    bind 127.0.0.1
    errors
    forward . dns.test:${upstream.port} {
        resolver 127.0.0.1:${resolver.port}
        read_timeout 4s
        max_fails 0
    }
}
`;

async function ask(port: number, name: string): Promise<RawReply> {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery({ name })));
}

it(
  'goes on asking where the name was for what is under way, and where it is for the rest',
  { timeout: 20_000 },
  async () => {
    const gate = Promise.withResolvers<void>();
    const before = await serve((query) => {
      const answer = answering('192.0.2.1')(query);
      return query.name === 'slow.test.' ? later(gate.promise, answer) : answer;
    });
    const after = await serve(answering('192.0.2.2'), { host: '127.0.0.2', port: before.port });
    const resolver = await serve(pointingTo('127.0.0.1', 1));
    const port = await freePort();
    const daemon = await startDaemon({ corefile: corefileOf(port, before, resolver) });
    expect((await ask(port, 'first.test')).answer).toEqual(['first.test. 60 IN A 192.0.2.1']);

    const moved = daemon.waitForNextLine(/plugin\/forward: "dns\.test" is 127\.0\.0\.2$/);
    // The question goes out while the name is looked up again.
    const slow = Promise.withResolvers<RawReply>();
    resolver.script = (query) => {
      if (query.type === 'A') slow.resolve(ask(port, 'slow.test'));
      return later(200, pointingTo('127.0.0.2', 1)(query));
    };
    await moved;
    expect((await ask(port, 'second.test')).answer).toEqual(['second.test. 60 IN A 192.0.2.2']);
    gate.resolve();
    expect((await slow.promise).answer).toEqual(['slow.test. 60 IN A 192.0.2.1']);
    expect(after.queries.map(({ name }) => name)).toEqual(['second.test.']);
  },
);

it(
  'finds the name elsewhere when nobody answers where it was, long before its TTL is over',
  { timeout: 20_000 },
  async () => {
    const before = await serve(answering('192.0.2.1'));
    await serve(answering('192.0.2.2'), { host: '127.0.0.2', port: before.port });
    const resolver = await serve(pointingTo('127.0.0.1', 86_400));
    const port = await freePort();
    await startDaemon({ corefile: corefileOf(port, before, resolver) });
    expect((await ask(port, 'first.test')).answer).toEqual(['first.test. 60 IN A 192.0.2.1']);
    resolver.script = pointingTo('127.0.0.2', 86_400);
    await before.close();
    expect(await ask(port, 'second.test')).toMatchObject({ rcode: 'SERVFAIL' });
    await eventually(async () => (await ask(port, 'third.test')).rcode === 'NOERROR');
    expect(resolver.queries).toHaveLength(4);
  },
);

it('does not start where the name is nowhere, and says so as CoreDNS does', async () => {
  const resolver = await serve(() => reply({ rcode: 'NXDOMAIN' }));
  const path = tempFile(corefileOf(await freePort(), resolver, resolver), 'Corefile');
  expect(await runCli(['serve', '--conf', path])).toMatchObject({
    code: 1,
    stderr: 'plugin/forward: failed to resolve "dns.test": no addresses found for "dns.test"\n',
  });
  // A check asks nobody.
  const asked = resolver.queries.length;
  expect(await runCli(['check', path])).toMatchObject({ code: 0 });
  expect(resolver.queries).toHaveLength(asked);
});
