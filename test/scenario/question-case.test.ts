/** The question goes back in the case in which it came, whoever answers it (0x20): clients that mix cases check for it. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { closeConnection, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';
import { withoutTtl } from '../support/without-ttl.ts';

it('echoes the case of the question for misses, hits, denials, failures and refusals', async () => {
  const upstream = await startScriptedUpstream(({ name }) => {
    const lower = name.toLowerCase();
    if (lower.startsWith('fails.')) return closeConnection();
    if (lower.startsWith('nobody.')) {
      return reply({ rcode: 'NXDOMAIN', authority: ['org. 30 IN SOA ns.org. root.org. 1 1 1 1 30'] });
    }
    return reply({ answers: ['@ 30 IN A 192.0.2.1'] });
  });
  const port = await freePort();
  await startDaemon({
    corefile: `org:${port} {
      bind 127.0.0.1
      cache
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
        max_fails 0
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  const ask = async (name: string): Promise<RawReply> => readReply(await client.ask(rawQuery({ name })));

  for (const name of ['WwW.eXaMpLe.oRg.', 'wWw.ExAmPlE.OrG.', 'www.example.org.']) {
    const { question, answer } = await ask(name);
    expect(question).toBe(`${name} IN A`);
    // The owner's name is a pointer to the question, so it has the client's case too.
    expect(answer.map(withoutTtl)).toEqual([`${name} IN A 192.0.2.1`]);
  }
  for (const name of ['NoBody.oRg.', 'nObODY.Org.']) {
    expect(await ask(name)).toMatchObject({ rcode: 'NXDOMAIN', question: `${name} IN A` });
  }
  expect(await ask('FAILs.Org.')).toMatchObject({ rcode: 'SERVFAIL', question: 'FAILs.Org. IN A' });
  expect(await ask('Www.Example.NET.')).toMatchObject({
    rcode: 'REFUSED',
    question: 'Www.Example.NET. IN A',
  });

  const asked = upstream.queries.map(({ name }) => name).filter((name) => name !== 'FAILs.Org.');
  expect(asked).toEqual(['WwW.eXaMpLe.oRg.', 'NoBody.oRg.']);
  await upstream.close();
});
