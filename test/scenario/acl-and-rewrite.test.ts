/** A name that `rewrite` makes of another one is judged by `acl` as what it has become: the other order would be a way around. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

it('acl judges a name as rewrite leaves it', async () => {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      acl secret.test {
        block
      }
      rewrite name public.test www.secret.test
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const client = await UdpClient.open({ port });
  const rcodeOf = async (name: string): Promise<string> =>
    readReply(await client.ask(rawQuery({ name }))).rcode;
  expect(await rcodeOf('other.test.')).toBe('NOERROR');
  expect(await rcodeOf('www.secret.test.')).toBe('REFUSED');
  expect(await rcodeOf('public.test.')).toBe('REFUSED');
  expect(upstream.queries.map(({ name }) => name)).toEqual(['other.test.']);
  await upstream.close();
});
