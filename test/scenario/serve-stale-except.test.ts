/** Names that are told to have no stale answer get none while the upstream is away, and all others do. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const NAMES = ['www.example.', 'primary.db.example.', 'a.primary.db.example.', 'replica.db.example.'];

it.each(['immediate', 'verify 200ms'])('serve_stale 1h %s', async (mode) => {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 1 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache {
        success 1024 3600 0
        serve_stale 1h ${mode}
        serve_stale_except primary.db.example
      }
      forward . 127.0.0.1:${upstream.port} {
        read_timeout 200ms
        max_fails 0
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  const ask = async (name: string): Promise<string> => {
    const message = await client.ask(rawQuery({ name, id: ++id, edns: {} }));
    return `${readReply(message).rcode} ${readOpt(message)?.error ?? ''}`.trim();
  };
  for (const name of NAMES) expect(await ask(name)).toBe('NOERROR');
  await upstream.close();
  // When the first answer is told as stale, all others have expired, or do so in the same second.
  await eventually(async () => (await ask('www.example.')) === 'NOERROR 3');
  await eventually(async () => (await ask('replica.db.example.')) === 'NOERROR 3');
  for (const name of ['primary.db.example.', 'a.primary.db.example.']) {
    await eventually(async () => (await ask(name)).startsWith('SERVFAIL'));
    for (let i = 0; i < 10; i++) expect(await ask(name)).toMatch(/^SERVFAIL/);
  }
});
