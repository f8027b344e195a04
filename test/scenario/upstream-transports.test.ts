/** What a `forward` line says is how the upstream is asked: over which transport, which family, and with whose certificate. */
import { networkInterfaces } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream, ScriptedUpstreamOptions } from '../support/scripted-upstream.ts';
import { selfSigned } from '../support/self-signed.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';

const IDENTITY = selfSigned('dns.test');
const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

interface Asked {
  readonly overUdp: RawReply;
  readonly overTcp: RawReply;
  readonly upstream: ScriptedUpstream;
  /** The value of `proto` with which the upstream was connected to. */
  readonly protos: readonly string[];
}

/** Asks one question over each of the client's transports. */
async function askBothWays(
  upstreamOptions: ScriptedUpstreamOptions,
  to: (upstream: ScriptedUpstream) => string,
  options: string,
): Promise<Asked> {
  const upstream = await startScriptedUpstream(
    () => reply({ answers: ['@ 30 IN A 192.0.2.1'] }),
    upstreamOptions,
  );
  onTestFinished(() => upstream.close());
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metrics}
      forward . ${to(upstream)} {
        max_fails 0
        max_connect_attempts 1
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  const overUdp = readReply(await client.ask(rawQuery({ name: 'udp.example' })));
  const connection = await TcpClient.open({ port });
  connection.write(framed(rawQuery({ name: 'tcp.example' })));
  const overTcp = readReply((await connection.waitForMessages(1))[0]);
  const page = await scrape(metrics);
  const protos = ['udp', 'tcp', 'tcp-tls'].filter(
    (proto) => page.sum('coredns_proxy_conn_cache_misses_total', { proto }) > 0,
  );
  return { overUdp, overTcp, upstream, protos };
}

it.each([
  ['as the client came', '', ['udp', 'tcp'], ['udp', 'tcp']],
  ['over TCP with force_tcp', 'force_tcp', ['tcp', 'tcp'], ['tcp']],
  ['over UDP with prefer_udp', 'prefer_udp', ['udp', 'udp'], ['udp']],
])('asks %s', async (_, options, transports, expectedProtos) => {
  const { overUdp, overTcp, upstream, protos } = await askBothWays(
    {},
    ({ port }) => `127.0.0.1:${port}`,
    options,
  );
  expect([overUdp.rcode, overTcp.rcode]).toEqual(['NOERROR', 'NOERROR']);
  expect(upstream.queries.map(({ transport }) => transport)).toEqual(transports);
  expect(protos).toEqual(expectedProtos);
});

it.skipIf(!hasIpv6)('asks over IPv6 (where this machine has it)', async () => {
  const { overUdp, overTcp, upstream } = await askBothWays(
    { host: '::1' },
    ({ port }) => `[::1]:${port}`,
    '',
  );
  expect([overUdp.rcode, overTcp.rcode]).toEqual(['NOERROR', 'NOERROR']);
  expect(upstream.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
});

it('asks over TLS, whatever the client came over, and checks the name', async () => {
  const { overUdp, overTcp, upstream, protos } = await askBothWays(
    { tls: IDENTITY },
    ({ port }) => `tls://127.0.0.1:${port}`,
    `tls ${tempFile(IDENTITY.cert, 'ca.pem')}\n tls_servername dns.test`,
  );
  expect([overUdp.rcode, overTcp.rcode]).toEqual(['NOERROR', 'NOERROR']);
  expect(upstream.queries).toHaveLength(2);
  expect(protos).toEqual(['tcp-tls']);
});

it('asks over one TLS connection as long as that is there, and resumes the session on the next', async () => {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }), {
    tls: IDENTITY,
  });
  onTestFinished(() => upstream.close());
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metrics}
      forward . tls://127.0.0.1:${upstream.port} {
        tls ${tempFile(IDENTITY.cert, 'ca.pem')}
        tls_servername dns.test
        health_check 1h
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  const askTen = async (): Promise<void> => {
    for (let id = 0; id < 10; id++) {
      const { rcode } = readReply(await client.ask(rawQuery({ name: `n${id}.example`, id })));
      expect(rcode).toBe('NOERROR');
    }
  };
  await askTen();
  expect([upstream.accepted, upstream.resumed]).toEqual([1, 0]);
  for (let connection = 2; connection < 4; connection++) {
    upstream.breakConnections('close');
    await upstream.waitForConnections(0);
    await askTen();
    expect([upstream.accepted, upstream.resumed]).toEqual([connection, connection - 1]);
  }
  const page = await scrape(metrics);
  expect(page.sum('coredns_proxy_conn_cache_hits_total', { proto: 'tcp-tls' })).toBe(27);
  expect(page.sum('coredns_proxy_conn_cache_misses_total', { proto: 'tcp-tls' })).toBe(3);
});

it.each([
  ['another name', (authority: string) => `tls ${authority}\n tls_servername other.test`],
  ['an authority that it does not trust', () => 'tls_servername dns.test'],
])('asks nothing of an upstream with %s', async (_, options) => {
  const { overUdp, overTcp, upstream } = await askBothWays(
    { tls: IDENTITY },
    ({ port }) => `tls://127.0.0.1:${port}`,
    options(tempFile(IDENTITY.cert, 'ca.pem')),
  );
  expect([overUdp.rcode, overTcp.rcode]).toEqual(['SERVFAIL', 'SERVFAIL']);
  expect(upstream.queries).toEqual([]);
});
