/** As many TCP connections as there may be, and more, that ask nothing: who asks over UDP, or came before, notices nothing. */
import { expect, it } from 'vitest';
import { MAX_CONNECTIONS } from '../../src/listen/tcp.ts';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

const CROWD = MAX_CONNECTIONS + 100;

it('takes nothing from UDP, nor from a connection that is open', async () => {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {\n bind 127.0.0.1\n cache\n forward . 127.0.0.1:${upstream.port}\n}\n`,
  });
  const early = await TcpClient.open({ port });
  early.write(framed(rawQuery({ id: 1, name: 'early.test.' })));
  await early.waitForMessages(1);
  await Promise.all(Array.from({ length: CROWD }, () => TcpClient.open({ port })));
  const overUdp = await UdpClient.open({ port });
  for (let id = 2; id < 52; id++) {
    const told = readReply(await overUdp.ask(rawQuery({ id, name: `n${id}.test.` }), 1_000));
    expect(told).toMatchObject({ id, rcode: 'NOERROR', answer: { length: 1 } });
  }
  early.write(framed(rawQuery({ id: 2, name: 'late.test.' })));
  expect(await early.waitForMessages(2)).toHaveLength(2);
  await upstream.close();
});
