/** Upstreams that are host names: looked up by resolvers on loopback, asked at the addresses that these give. */
import { describe, expect, it } from 'vitest';
import { decodeOutcome } from '../../support/query.ts';
import { drop, reply } from '../../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../../support/scripted-upstream.ts';
import { selfSigned } from '../../support/self-signed.ts';
import { fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { tempFile } from '../../support/temp-file.ts';
import { serve, setUpLine, startLine } from './set-up-line.ts';

/** A context of a server that none of the addresses here is. */
const elsewhere = (): FakeContext => fakeContext({ servers: [{ index: 0, label: 'dns://127.0.0.99:53' }] });

/** A resolver that gives these addresses for any name. */
const pointing = (...addresses: readonly string[]): Promise<ScriptedUpstream> =>
  serve(({ type }) =>
    reply({ answers: type === 'A' ? addresses.map((address) => `@ 300 IN A ${address}`) : [] }),
  );

/** Upstreams at these addresses, on one port. */
async function serveAt(script: Script, ...hosts: readonly string[]): Promise<ScriptedUpstream[]> {
  const first = await serve(script, { host: hosts[0] });
  const { port } = first;
  return [first, ...(await Promise.all(hosts.slice(1).map((host) => serve(script, { host, port }))))];
}

const answering =
  (address: string): Script =>
  () =>
    reply({ answers: [`@ 60 IN A ${address}`] });

describe('a host name', () => {
  it('stands for its addresses, at the port that is written', async () => {
    const upstream = await serve(answering('192.0.2.7'));
    const resolver = await pointing('127.0.0.1');
    const { ask, context } = await startLine(
      `forward . dns.test:${upstream.port} {\n resolver 127.0.0.1:${resolver.port}\n}`,
    );
    expect(decodeOutcome(await ask()).answer).toEqual(['a.test. 60 IN A 192.0.2.7']);
    expect(resolver.queries.map(({ name, type }) => [name, type])).toEqual([
      ['dns.test.', 'A'],
      ['dns.test.', 'AAAA'],
    ]);
    expect(context.logLines).toEqual(['info "dns.test" is 127.0.0.1']);
    expect(context.metrics.value('nodelocaldns_forward_name_lookup_failures_total')).toBe(0);
  });

  it('is not looked up by a check, and has no upstream before the start', async () => {
    const resolver = await pointing('127.0.0.1');
    const { ask } = setUpLine(`forward . dns.test {\n resolver 127.0.0.1:${resolver.port}\n}`);
    expect(await ask()).toMatchObject({ rcode: 2, reason: 'no upstream that may be asked' });
    expect(resolver.queries).toEqual([]);
  });

  it('that does not resolve fails the start, in the words of CoreDNS', async () => {
    const resolver = await serve(() => reply({ rcode: 'NXDOMAIN' }));
    const { context } = setUpLine(`forward . dns.test {\n resolver 127.0.0.1:${resolver.port}\n}`);
    await expect(context.start()).rejects.toThrow(
      'plugin/forward: failed to resolve "dns.test": no addresses found for "dns.test"',
    );
    expect(context.metrics.value('nodelocaldns_forward_name_lookup_failures_total')).toBe(1);
  });

  it('stands among addresses, in the order of the line, each address once', async () => {
    const upstreams = await serveAt(() => drop(), '127.0.0.1', '127.0.0.2', '127.0.0.3');
    const [{ port }] = upstreams;
    const resolver = await pointing('127.0.0.3', '127.0.0.1');
    const { ask } = await startLine(
      `forward . 127.0.0.2:${port} dns.test:${port} 127.0.0.1:${port} {
        resolver 127.0.0.1:${resolver.port}
        policy sequential
        failover REFUSED
      }`,
    );
    const order: string[] = [];
    for (const upstream of upstreams) {
      upstream.script = () => {
        order.push(upstream.host);
        return reply({ rcode: 'REFUSED' });
      };
    }
    await ask();
    expect(order).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.1']);
  });

  it('is 15 addresses at most, and leaves the others of the line theirs', async () => {
    const resolver = await pointing(...Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`));
    const context = elsewhere();
    const { ask } = await startLine(
      `forward . dns.test 203.0.113.1 203.0.113.2 {\n resolver 127.0.0.1:${resolver.port}\n max_connect_attempts 1\n read_timeout 1ms\n}`,
      context,
    );
    await ask();
    expect(context.logLines.at(-1)).toBe('warn 42 addresses for one line; 15 of them are asked');
    const family = 'coredns_proxy_healthcheck_failures_total';
    const asked = ['203.0.113.1', '203.0.113.2', '192.0.2.0', '192.0.2.12', '192.0.2.13'];
    expect(asked.map((host) => context.metrics.value(family, 'forward', `${host}:53`))).toEqual([
      0,
      0,
      0,
      0,
      undefined,
    ]);
  });

  it('that is this server itself is no upstream, nor is this server asked for it', async () => {
    const upstream = await serve(answering('192.0.2.7'), { host: '127.0.0.2' });
    const [resolver, ourselves] = await Promise.all([
      pointing('127.0.0.1', '127.0.0.2'),
      pointing('127.0.0.2'),
    ]);
    const context = fakeContext({
      servers: [
        { index: 0, label: `dns://127.0.0.1:${upstream.port}` },
        { index: 1, label: `dns://127.0.0.1:${ourselves.port}` },
      ],
    });
    const { ask } = await startLine(
      `forward . dns.test:${upstream.port} {\n resolver 127.0.0.1:${ourselves.port} 127.0.0.1:${resolver.port}\n}`,
      context,
    );
    expect(await ask()).toMatchObject({ rcode: 0 });
    expect(context.logLines).toEqual([
      `warn 127.0.0.1:${ourselves.port} is not asked for addresses: it is this server`,
      `warn "dns.test" is 127.0.0.1:${upstream.port} too, which is this server and is left out`,
      'info "dns.test" is 127.0.0.2',
    ]);
    expect(ourselves.queries).toEqual([]);
  });

  it('has no addresses of a family that no source_address fits', async () => {
    const resolver = await pointing('127.0.0.1');
    const { context } = setUpLine(
      `forward . dns.test {\n resolver 127.0.0.1:${resolver.port}\n source_address ::1\n}`,
      elsewhere(),
    );
    await expect(context.start()).rejects.toThrow('no upstream can be at any address of "dns.test"');
    expect(context.logLines).toEqual([
      'warn "dns.test" is 127.0.0.1 too, which is left out: no source_address fits its family',
    ]);
  });

  it('keeps its addresses across a reload, though no resolver answers', async () => {
    const upstream = await serve(answering('192.0.2.7'));
    const resolver = await pointing('127.0.0.1');
    const context = fakeContext();
    const corefile = `forward . dns.test:${upstream.port} {\n resolver 127.0.0.1:${resolver.port}\n}`;
    await startLine(corefile, context);
    resolver.script = () => reply({ rcode: 'SERVFAIL' });
    const { ask } = await startLine(corefile, context);
    expect(await ask()).toMatchObject({ rcode: 0 });
  });
});

describe('an upstream that a host name stands for', () => {
  it('is offered to other plugins under the name, and quarantined with all its addresses', async () => {
    const upstreams = await serveAt(answering('192.0.2.7'), '127.0.0.1', '127.0.0.2');
    const [{ port }] = upstreams;
    const resolver = await pointing('127.0.0.1', '127.0.0.2');
    const { ask, context } = await startLine(
      `forward . dns.test:${port} {\n resolver 127.0.0.1:${resolver.port}\n}`,
    );
    const [offered] = context.upstreams;
    expect(offered.label).toBe(`dns.test:${port}`);
    await offered.ask({ name: Uint8Array.of(0), type: 13, class: 1 });
    expect(upstreams.map(({ queries }) => queries.length)).toEqual([1, 1]);
    offered.quarantine('a loop');
    expect(await ask('b.test.')).toMatchObject({ rcode: 2, reason: 'no upstream that may be asked' });
    offered.release();
    expect(await ask('c.test.')).toMatchObject({ rcode: 0 });
  });

  it('is asked two times for each address it has, as others are', async () => {
    const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
    const upstreams = await serveAt(() => drop(), ...hosts);
    const [{ port }] = upstreams;
    const resolver = await pointing(...hosts);
    const { ask } = await startLine(
      `forward . dns.test:${port} {\n resolver 127.0.0.1:${resolver.port}\n read_timeout 20ms\n max_fails 0\n}`,
    );
    await ask();
    expect(upstreams.flatMap(({ queries }) => queries)).toHaveLength(6);
  });

  it.each([
    { names: ['127.0.0.1'], line: '', works: true },
    { names: ['dns.test'], line: '', works: false },
    { names: ['dns.test'], line: 'tls_servername dns.test', works: true },
  ])('over TLS has a certificate of $names, with "$line": $works', async ({ names, line, works }) => {
    const identity = selfSigned(...names);
    const upstream = await serve(answering('192.0.2.7'), { tls: identity });
    const resolver = await pointing('127.0.0.1');
    const ca = tempFile(identity.cert, 'ca.pem');
    const { ask } = await startLine(
      `forward . tls://dns.test:${upstream.port} {\n resolver 127.0.0.1:${resolver.port}\n tls ${ca}\n ${line}\n}`,
    );
    expect(await ask()).toMatchObject({ rcode: works ? 0 : 2 });
  });

  it('over TLS with a certificate of ours that cannot be read is refused when it is set up', () => {
    const nonsense = tempFile('nonsense', 'ca.pem');
    expect(() => setUpLine(`forward . tls://dns.test {\n tls ${nonsense} ${nonsense}\n}`)).toThrow(/PEM/);
  });
});
