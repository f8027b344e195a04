/** Other questions go upstream than clients ask, and clients do not see it: over both transports, cached or not, for many at a time. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawQuery, RawReply } from '../support/raw-message.ts';
import {
  closeConnection,
  later,
  octets,
  reply,
  startScriptedUpstream,
} from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';
import { withoutTtl } from '../support/without-ttl.ts';

let upstream: ScriptedUpstream;
let daemon: Daemon;
let port: number;
beforeAll(async () => {
  upstream = await startScriptedUpstream(({ name, type }) => {
    if (name.startsWith('broken.')) return closeConnection();
    if (name.startsWith('none.'))
      return reply({ rcode: 'NXDOMAIN', authority: ['svc. 30 IN SOA ns.svc. r.svc. 1 2 3 4 30'] });
    if (name.startsWith('old.'))
      return reply({ answers: ['@ 30 IN CNAME x.cdn.', 'x.cdn. 30 IN A 192.0.2.1'] });
    if (type === 'MX') return reply({ answers: ['@ 30 IN MX 10 mail.svc.'] });
    return later(20, reply({ answers: ['@ 300 IN CNAME real.svc.', 'real.svc. 300 IN A 192.0.2.7'] }));
  });
  port = await freePort();
  daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      errors
      log . "{name} {rcode}"
      rewrite continue ttl suffix .short.test. 5
      rewrite continue rcode broken.test SERVFAIL NXDOMAIN
      rewrite continue cname x.cdn y.svc
      rewrite name one.test db.svc
      rewrite name a-much-longer-name.test db.svc
      rewrite name suffix .test. .svc. answer auto
      rewrite type ANY MX
      cache
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
        max_fails 0
      }
    }
`,
  });
});
afterAll(async () => {
  await daemon.stop();
  await upstream.close();
});

const udp = async (query: RawQuery): Promise<RawReply> => {
  const client = await UdpClient.open({ port });
  return readReply(await client.ask(rawQuery(query)));
};

describe('rewrite', () => {
  it('answers names that lead to one name out of one exchange, each under its own name', async () => {
    const names = ['One.test.', 'A-much-LONGER-name.test.', 'db.svc.', 'db.test.'];
    for (let round = 0; round < 2; round++) {
      for (const told of await Promise.all(names.map((name) => udp({ name })))) {
        const asked = told.question.split(' ', 1)[0];
        const real = asked === 'db.test.' ? 'real.test.' : 'real.svc.';
        expect(names).toContain(asked);
        expect(told.answer.map(withoutTtl)).toEqual([`${asked} IN CNAME ${real}`, `${real} IN A 192.0.2.7`]);
      }
    }
    expect(upstream.queries.filter(({ name }) => name === 'db.svc.')).toHaveLength(1);
  });

  it('answers many at a time on one connection', async () => {
    const client = await TcpClient.open({ port });
    const names = Array.from({ length: 100 }, (_, i) => `n${i}.test.`);
    client.write(Buffer.concat(names.map((name, id) => framed(rawQuery({ name, id })))));
    const replies = (await client.waitForMessages(names.length)).map((message) => readReply(message));
    for (const { id, question, answer } of replies) {
      expect(question).toBe(`${names[id]} IN A`);
      expect(answer[0]).toMatch(
        new RegExp(`^${names[id].replaceAll('.', '\\.')} \\d+ IN CNAME real\\.test\\.$`),
      );
    }
    expect(new Set(replies.map(({ id }) => id)).size).toBe(names.length);
  });

  it('tells denials, other types, other TTLs and other aliases as they are to be', async () => {
    expect(await udp({ name: 'none.test.' })).toMatchObject({
      rcode: 'NXDOMAIN',
      question: 'none.test. IN A',
    });
    expect(await udp({ name: 'x.example.', type: 'ANY' })).toMatchObject({
      question: 'x.example. IN ANY',
      answer: ['x.example. 30 IN MX 10 mail.svc.'],
    });
    expect((await udp({ name: 'x.short.test.' })).answer[0]).toBe('x.short.test. 5 IN CNAME real.test.');
    expect((await udp({ name: 'old.example.' })).answer.map(withoutTtl)).toEqual([
      'old.example. IN CNAME y.svc.',
      'y.svc. IN CNAME real.svc.',
      'real.svc. IN A 192.0.2.7',
    ]);
  });

  it('says what the operator wants of a failure, which is logged all the same', async () => {
    expect(await udp({ name: 'broken.test.' })).toMatchObject({
      rcode: 'NXDOMAIN',
      question: 'broken.test. IN A',
    });
    await daemon.waitForLine(/plugin\/errors: 3 broken\.test\. A: /);
  });

  it('is seen by the log as the client sees it', async () => {
    await udp({ name: 'one.test.' });
    await daemon.waitForLine(/one\.test\. NOERROR/);
  });
});

it("sends the options that rules add upstream, none of the client's, and the client none that come back", async () => {
  // Its OPT is the one that it was asked with.
  const seen = await startScriptedUpstream(({ message }) => {
    const answer = Buffer.from(message);
    answer[2] |= 0x80;
    return octets(answer);
  });
  onTestFinished(() => seen.close());
  const ownPort = await freePort();
  await startDaemon({
    corefile: `.:${ownPort} {
      bind 127.0.0.1
      rewrite continue edns0 local set 0xffee {client_ip}
      rewrite edns0 nsid set revert
      cache
      forward . 127.0.0.1:${seen.port}
    }
`,
  });
  const client = await UdpClient.open({ port: ownPort });
  const cookie = [10, Buffer.from('0123456789abcdef', 'hex')] as const;
  const told = await client.ask(rawQuery({ name: 'a.test', edns: { udpSize: 1232, options: [cookie] } }));
  expect(readReply(told).rcode).toBe('NOERROR');
  // Header, question, and an OPT without options.
  expect(Buffer.from(told).toString('hex', 12 + 8 + 4)).toMatch(/^00002904d0[0-9a-f]{8}0000$/);
  const [{ message }] = seen.queries;
  expect(Buffer.from(message).toString('hex')).toMatch(/000029[0-9a-f]{12}000cffee00047f00000100030000$/);
});
