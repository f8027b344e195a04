/**
 * Names to which standards give a meaning. Which of them are answered here is the Corefile's choice, and this one makes all of them that
 * are safe within a cluster; what a cluster has its own answers for goes to its DNS whatever a standard says.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

let upstream: ScriptedUpstream;
let daemon: Daemon;
let port: number;
beforeAll(async () => {
  upstream = await startScriptedUpstream(() => reply({ answers: [] }));
  port = await freePort();
  daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      local
      template IN ANY invalid onion alt {
        rcode NXDOMAIN
        authority "{{ .Zone }} 60 IN SOA {{ .Zone }} {{ .Zone }} 1 0 0 0 60"
      }
      template IN ANY resolver.arpa {
        authority "{{ .Zone }} 60 IN SOA {{ .Zone }} {{ .Zone }} 1 0 0 0 60"
      }
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
});
afterAll(async () => {
  await daemon.stop();
  await upstream.close();
});

async function ask(name: string, type: string): Promise<RawReply> {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery({ name, type })));
}

it.each([
  ['localhost.', 'A', 'NOERROR', 1],
  ['LocalHost.', 'AAAA', 'NOERROR', 1],
  ['db.localhost.', 'A', 'NOERROR', 1],
  ['localhost.', 'MX', 'NOERROR', 0],
  ['invalid.', 'A', 'NXDOMAIN', 0],
  ['www.Invalid.', 'TXT', 'NXDOMAIN', 0],
  ['duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion.', 'A', 'NXDOMAIN', 0],
  ['name.gns.alt.', 'AAAA', 'NXDOMAIN', 0],
  ['resolver.arpa.', 'A', 'NOERROR', 0],
  ['_dns.resolver.arpa.', 'SVCB', 'NOERROR', 0],
])('%s is answered here (%s)', async (name, type, rcode, answers) => {
  const before = upstream.queries.length;
  expect(await ask(name, type)).toMatchObject({ rcode, answer: { length: answers } });
  expect(upstream.queries).toHaveLength(before);
});

it.each([
  ['local.', 'SOA'],
  ['kubernetes.default.svc.cluster.local.', 'A'],
  ['printer.local.', 'A'],
  ['1.0.96.10.in-addr.arpa.', 'PTR'],
  ['7.31.31.172.in-addr.arpa.', 'PTR'],
  ['1.1.168.192.in-addr.arpa.', 'PTR'],
  ['10.20.254.169.in-addr.arpa.', 'PTR'],
  ['1.0.64.100.in-addr.arpa.', 'PTR'],
  ['1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.', 'PTR'],
  ['home.arpa.', 'SOA'],
  ['www.test.', 'A'],
  ['www.example.', 'A'],
])('%s goes upstream (%s)', async (name, type) => {
  const before = upstream.queries.length;
  expect((await ask(name, type)).rcode).toBe('NOERROR');
  expect(upstream.queries.slice(before)).toMatchObject([{ name, type }]);
});
