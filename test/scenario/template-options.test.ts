/** Which names a template is for, and what it adds to an answer: seen by clients, and by the server that is asked for the rest. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawQuery, RawReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

describe('template', () => {
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let port: number;
  beforeAll(async () => {
    upstream = await startScriptedUpstream(({ type }) =>
      reply({ answers: [type === 'AAAA' ? '@ 30 IN AAAA 2001:db8::99' : '@ 30 IN A 192.0.2.99'] }),
    );
    port = await freePort();
    daemon = await startDaemon({
      corefile: `test:${port} {
        bind 127.0.0.1
        template IN A {
          match "^ip-([0-9]+)[.]test[.]$" "^host([0-9]+)[.]test[.]$"
          answer "{{ .Name }} 60 IN A 192.0.2.{{ index .Match 1 }}"
          fallthrough
        }
        template IN A {
          match "^(?P<word>[a-z]+)[.]second[.]test[.]$"
          answer "{{ .Name }} 60 IN CNAME {{ .Group.word }}.elsewhere.test."
          fallthrough
        }
        template IN AAAA {
          match "^six[.]"
          answer "{{ .Name }} 60 IN AAAA 2001:db8::6"
          fallthrough through.test
        }
        template IN MX {
          answer "{{ .Name }} 60 IN MX 10 mail.test."
          additional "mail.test. 61 IN A 192.0.2.25" "mail.test. 62 IN AAAA 2001:db8::25"
        }
        template IN TXT {
          rcode NXDOMAIN
          ederror 21 "not served"
        }
        forward . 127.0.0.1:${upstream.port}
      }
`,
    });
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
  });

  const octets = async (query: RawQuery): Promise<Buffer> =>
    (await UdpClient.open({ port })).ask(rawQuery(query));
  const ask = async (name: string, type = 'A'): Promise<RawReply> => readReply(await octets({ name, type }));

  it('answers names that one of its patterns matches, with what the pattern found', async () => {
    expect((await ask('ip-7.test.')).answer).toEqual(['ip-7.test. 60 IN A 192.0.2.7']);
    expect((await ask('Host8.test.')).answer).toEqual(['Host8.test. 60 IN A 192.0.2.8']);
  });

  it('hands other names to the next template, and behind the last one upstream', async () => {
    expect((await ask('web.second.test.')).answer).toEqual([
      'web.second.test. 60 IN CNAME web.elsewhere.test.',
      'web.elsewhere.test. 30 IN A 192.0.2.99',
    ]);
    expect((await ask('ip-x.test.')).answer).toEqual(['ip-x.test. 30 IN A 192.0.2.99']);
    expect(upstream.queries.map(({ name }) => name)).toEqual(['web.elsewhere.test.', 'ip-x.test.']);
  });

  it('hands on names of the zones of `fallthrough` only', async () => {
    expect((await ask('six.test.', 'AAAA')).answer).toEqual(['six.test. 60 IN AAAA 2001:db8::6']);
    expect((await ask('four.through.test.', 'AAAA')).answer).toEqual([
      'four.through.test. 30 IN AAAA 2001:db8::99',
    ]);
    expect(await ask('four.test.', 'AAAA')).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
    expect(upstream.queries.map(({ name }) => name)).not.toContain('four.test.');
  });

  it('adds records behind the answer', async () => {
    expect(await ask('x.test.', 'MX')).toMatchObject({
      answer: ['x.test. 60 IN MX 10 mail.test.'],
      authority: [],
      additional: ['mail.test. 61 IN A 192.0.2.25', 'mail.test. 62 IN AAAA 2001:db8::25'],
    });
  });

  it('tells the reason to clients that speak EDNS', async () => {
    const told = await octets({ name: 'x.test.', type: 'TXT', edns: {} });
    expect(readReply(told).rcode).toBe('NXDOMAIN');
    expect(readOpt(told)?.error).toBe('21 not served');
    const plain = await octets({ name: 'x.test.', type: 'TXT' });
    expect(readReply(plain)).toMatchObject({ rcode: 'NXDOMAIN', hasOpt: false });
  });
});
