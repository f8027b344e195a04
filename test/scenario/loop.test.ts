/** An upstream that sends our queries back to us is asked no more, told of, and ends nothing. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

/** Clients get their answer without the timeout of an attempt in it (2 s). */
const QUICKLY_MS = 1_000;

async function ask(port: number): Promise<RawReply> {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery({ name: 'example.org', edns: {} }), QUICKLY_MS));
}

it.each([
  ['over UDP', ''],
  ['over TCP', 'force_tcp'],
])('leaves an upstream out that is ourselves, %s, and goes on with the other', async (_, options) => {
  const good = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => good.close());
  const [port, alone] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      errors
      loop
      cache
      forward . 127.0.0.1:${port} 127.0.0.1:${good.port} {
        policy sequential
        ${options}
      }
    }
    .:${alone} {
      bind 127.0.0.1
      errors
      loop
      forward . 127.0.0.1:${alone} {
        ${options}
      }
    }
`,
  });
  for (const own of [port, alone]) {
    const line = await daemon.waitForLine(
      new RegExp(String.raw`plugin/forward: 127\.0\.0\.1:${own} is not asked any more: Loop `),
    );
    expect(line).toMatch(/^\[ERROR\] /);
    expect(line).toContain(`-> dns://127.0.0.1:${own}) detected for zone "."`);
  }
  expect(await ask(port)).toMatchObject({ rcode: 'NOERROR', answer: ['example.org. 30 IN A 192.0.2.1'] });
  expect(await ask(alone)).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
  await daemon.waitForLine(/plugin\/errors: 2 example\.org\. A: no upstream that may be asked$/);
  // The good one is probed too, and is not suspected.
  expect(good.queries.filter(({ type }) => type === 'HINFO')).toHaveLength(1);
  expect(daemon.lines().filter((line) => line.includes('not asked any more'))).toHaveLength(2);
  expect(await ask(port)).toMatchObject({ rcode: 'NOERROR' });
});

const forwarding = (own: number, next: number, loop: string): string => `.:${own} {
      bind 127.0.0.1
      ${loop}
      forward . 127.0.0.1:${next}
    }
`;

it('finds itself at the end of a longer way', async () => {
  const [first, second] = await Promise.all([freePort(), freePort()]);
  await startDaemon({ corefile: forwarding(second, first, '') });
  const daemon = await startDaemon({ corefile: forwarding(first, second, 'loop') });
  await daemon.waitForLine(new RegExp(`127\\.0\\.0\\.1:${second} is not asked any more`));
  for (const port of [first, second]) {
    expect((await ask(port)).rcode).toBe('SERVFAIL');
  }
});
