/** Without `bind` every address of the host is served, and an answer leaves from the one that was asked: clients take it from no other. */
import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);
/** All of 127.0.0.0/8 is this host. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.45.67.89', ...(hasIpv6 ? ['::1'] : [])];

it('answers on every address, from that address', async (context) => {
  const port = await freePort();
  const corefile = `.:${port} {\n hosts {\n 192.0.2.1 host.example\n }\n}\n`;
  const daemon = await startDaemon({ corefile });
  const query = rawQuery({ name: 'host.example' });
  for (const host of ADDRESSES) {
    const overTcp = await TcpClient.open({ host, port });
    overTcp.write(framed(query));
    const [message] = await overTcp.waitForMessages(1);
    expect(readReply(message).answer).toHaveLength(1);
  }
  const alone = daemon.lines().find((line) => line.includes('one datagram at a time'));
  context.skip(alone !== undefined, `UDP has the system choose the address here: ${alone}`);
  for (const host of ADDRESSES) {
    // Its socket is connected, and hears nothing from elsewhere.
    const client = await UdpClient.open({ host, port });
    expect(readReply(await client.ask(query, 2_000)).answer).toHaveLength(1);
  }
});
