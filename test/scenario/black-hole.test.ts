/**
 * An upstream that takes what is sent and says nothing, from one moment to the next and over connections that stay open. With another upstream
 * that costs those who ask at that moment one timeout, or next to nothing with `hedge`, and those who come later nothing.
 */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { drop, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const answer: Script = () => reply({ answers: ['@ 30 IN A 192.0.2.1'] });
/** What one try may take. */
const TIMEOUT_MS = 800;
/** An answer without a timeout in it. */
const PROMPT_MS = 500;

interface Resolver {
  readonly upstreams: readonly [ScriptedUpstream, ScriptedUpstream];
  /** Milliseconds that the answer took. */
  readonly ask: (count: number) => Promise<number[]>;
}

async function startResolver(options: string): Promise<Resolver> {
  const upstreams = await Promise.all([
    startScriptedUpstream(answer, { serialTcp: true }),
    startScriptedUpstream(answer, { serialTcp: true }),
  ]);
  onTestFinished(() => Promise.all(upstreams.map((upstream) => upstream.close())).then(() => undefined));
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      forward . ${upstreams.map((upstream) => `127.0.0.1:${upstream.port}`).join(' ')} {
        read_timeout ${TIMEOUT_MS}ms
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  const askOne = async (): Promise<number> => {
    const began = performance.now();
    const { rcode } = readReply(await client.ask(rawQuery({ name: `n${++id}.example.`, id })));
    expect(rcode).toBe('NOERROR');
    return performance.now() - began;
  };
  return { upstreams, ask: (count) => Promise.all(Array.from({ length: count }, askOne)) };
}

function swallow(upstream: ScriptedUpstream): void {
  upstream.script = () => drop();
  upstream.breakConnections('vanish');
}

it.each([
  ['UDP', ''],
  ['TCP', 'force_tcp'],
])(
  'costs those one timeout who ask over %s as it happens, and those nothing who come later',
  async (_, options) => {
    const { upstreams, ask } = await startResolver(options);
    await ask(10);
    swallow(upstreams[0]);
    const first = await ask(20);
    expect(Math.max(...first)).toBeLessThan(TIMEOUT_MS + PROMPT_MS);
    // The health checks have not found it out yet: that takes three of a second each.
    for (let i = 0; i < 10; i++) expect(Math.max(...(await ask(3)))).toBeLessThan(PROMPT_MS);
  },
);

it('costs next to nothing with hedge', async () => {
  const { upstreams, ask } = await startResolver('hedge\n force_tcp');
  for (let i = 0; i < 20; i++) await ask(2);
  swallow(upstreams[0]);
  expect(Math.max(...(await ask(10)))).toBeLessThan(PROMPT_MS);
});

it('that comes back is used again', async () => {
  const { upstreams, ask } = await startResolver('force_tcp\n health_check 50ms');
  const [gone] = upstreams;
  swallow(gone);
  await ask(20);
  gone.script = answer;
  const before = gone.queries.length;
  while (gone.queries.slice(before).filter(({ name }) => name !== '.').length < 20) await ask(5);
});
