/** What makes two questions the same: name in any case, type, class, DO and CD. Nothing else that a client says. */
import { expect, it } from 'vitest';
import { AD, CD, RD } from '../../src/wire/header.ts';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawQuery } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const NAME = 'www.example.org';
const SUBNET = [8, Buffer.from('00011800c00002', 'hex')] as const;
const COOKIE = [10, Buffer.from('0123456789abcdef', 'hex')] as const;

it('keeps answers with DO and with CD apart, and shares them whatever else differs', async () => {
  const upstream = await startScriptedUpstream(({ dnssecOk, flags }) => {
    const address = `192.0.2.${(dnssecOk ? 1 : 0) + ((flags & CD) === 0 ? 0 : 2)}`;
    return reply({ answers: [`@ 30 IN A ${address}`] });
  });
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const client = await UdpClient.open({ port });
  const addressFor = async (query: Partial<RawQuery>): Promise<string | undefined> => {
    const { answer } = readReply(await client.ask(rawQuery({ name: NAME, ...query })));
    return answer[0]?.split(' ').at(-1);
  };

  const dnssecOk = { edns: { dnssecOk: true } };
  const checkingDisabled = { flags: RD | CD };
  expect(await addressFor({})).toBe('192.0.2.0');
  expect(await addressFor(dnssecOk)).toBe('192.0.2.1');
  expect(await addressFor(checkingDisabled)).toBe('192.0.2.2');
  expect(await addressFor({ ...dnssecOk, ...checkingDisabled })).toBe('192.0.2.3');
  expect(upstream.queries).toHaveLength(4);

  expect(await addressFor(dnssecOk)).toBe('192.0.2.1');
  expect(await addressFor(checkingDisabled)).toBe('192.0.2.2');
  for (const same of [
    {},
    { flags: 0 },
    { flags: RD | AD },
    { name: 'WWW.Example.ORG' },
    { edns: { udpSize: 4096 } },
    { edns: { options: [SUBNET] } },
    { edns: { options: [COOKIE, SUBNET] } },
  ]) {
    expect(await addressFor(same)).toBe('192.0.2.0');
  }
  const overTcp = await TcpClient.open({ port });
  overTcp.write(framed(rawQuery({ name: NAME })));
  const [answer] = await overTcp.waitForMessages(1);
  expect(readReply(answer).answer.map(withoutTtl)).toEqual([`${NAME}. IN A 192.0.2.0`]);
  expect(upstream.queries).toHaveLength(4);

  await addressFor({ type: 'AAAA' });
  await addressFor({ name: 'other.example.org' });
  expect(upstream.queries).toHaveLength(6);
  await upstream.close();
});
