/** The gateway's prefix may stand behind the directive, with a block or without; its length says where the IPv4 address goes. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

it('a prefix behind `dns64` is the one that addresses get', async () => {
  const upstream = await startScriptedUpstream(({ type }) =>
    reply(type === 'A' ? { answers: ['@ 30 IN A 192.0.2.33'] } : {}),
  );
  onTestFinished(() => upstream.close());
  const port = await freePort();
  const block = (zone: string, dns64: string): string => `${zone}:${port} {
    bind 127.0.0.1 ::1
    ${dns64}
    forward . 127.0.0.1:${upstream.port}
  }
`;
  await startDaemon({
    corefile:
      block('long.test', 'dns64 2001:db8:64::/96') +
      block('short.test', 'dns64 2001:db8::/32') +
      block('block.test', 'dns64 2001:db8:64:ff::/64 {\n allow_ipv4\n }'),
  });
  const ask = async (name: string, host: string): Promise<readonly string[]> => {
    const client = await UdpClient.open({ port, host });
    return readReply(await client.ask(rawQuery({ name, type: 'AAAA' }))).answer;
  };
  expect(await ask('x.long.test.', '::1')).toEqual(['x.long.test. 30 IN AAAA 2001:db8:64::c000:221']);
  expect(await ask('x.long.test.', '127.0.0.1')).toEqual([]);
  // RFC 6052 section 2.4 has these addresses.
  expect(await ask('x.short.test.', '::1')).toEqual(['x.short.test. 30 IN AAAA 2001:db8:c000:221::']);
  expect(await ask('x.block.test.', '127.0.0.1')).toEqual([
    'x.block.test. 30 IN AAAA 2001:db8:64:ff:c0:2:2100:0',
  ]);
});
