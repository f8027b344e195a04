/** What each kind of rule makes of a question, seen where it arrives, and of the names of the answer, seen by the client. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOpt } from '../../src/wire/edns.ts';
import { readUint16 } from '../../src/wire/header.ts';
import { RECORD, RecordWalk } from '../../src/wire/records.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawQuery, RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ReceivedQuery, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';
import type { Target } from '../support/udp-client.ts';

const NAME_RULES = `
  rewrite continue name go-on.test first.test
  rewrite stop name stop.test first.test
  rewrite name first.test second.test
  rewrite class CH IN
  rewrite name prefix pre put answer auto
  rewrite name substring .mid. .centre. answer auto
  rewrite name regex ^(.*)-([0-9]+)[.]re[.]test[.]$ {2}.{1}.real.test
  rewrite name regex ^(.*)[.]owner[.]test[.]$ {1}.real.test answer name ^(.*)[.]real[.]test[.]$ {1}.owner.test
  rewrite name regex ^(.*)[.]value[.]test[.]$ {1}.real.test answer value ^(.*)[.]real[.]test[.]$ {1}.value.test
`;

const OPTION_RULES = `
  rewrite continue edns0 subnet set 20 56
  rewrite continue edns0 local append 0xffe1 appended
  rewrite continue edns0 local replace 0xffe2 replaced
  rewrite continue edns0 local set 0xffe3 kept
  rewrite continue edns0 local set 0xffe4 gone
  rewrite continue edns0 local unset 0xffe4
  rewrite continue edns0 nsid set
  rewrite continue edns0 nsid unset
`;

/** The options that reached the upstream, by their code. */
function optionsOf({ message }: ReceivedQuery): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  const walk = new RecordWalk();
  if (!walk.start(message, message.length)) throw new Error('the question cannot be read');
  while (walk.next() === RECORD) {
    if (!isOpt(walk)) continue;
    for (let at = walk.rdataOffset; at < walk.rdataOffset + walk.rdataLength;) {
      const end = at + 4 + readUint16(message, at + 2);
      options.set(readUint16(message, at), Buffer.from(message.subarray(at + 4, end)));
      at = end;
    }
  }
  return options;
}

interface Exchange {
  readonly told: RawReply;
  /** What went upstream for it. */
  readonly sent: ReceivedQuery;
}

describe('rewrite', () => {
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let namePort: number;
  let optionPort: number;
  beforeAll(async () => {
    upstream = await startScriptedUpstream(() =>
      reply({ answers: ['@ 30 IN CNAME host.real.test.', 'host.real.test. 30 IN A 192.0.2.7'] }),
    );
    [namePort, optionPort] = await Promise.all([freePort(), freePort()]);
    const block = (port: number, rules: string): string => `.:${port} {
      bind 127.0.0.1 ::1
      ${rules}
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
        max_fails 0
      }
    }
`;
    daemon = await startDaemon({ corefile: block(namePort, NAME_RULES) + block(optionPort, OPTION_RULES) });
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
  });

  const exchange = async (target: Target, query: RawQuery): Promise<Exchange> => {
    const before = upstream.queries.length;
    const client = await UdpClient.open(target);
    const told = readReply(await client.ask(rawQuery(query)));
    const sent = upstream.queries.at(before);
    if (sent === undefined) throw new Error(`nothing went upstream for ${query.name}`);
    return { told, sent };
  };
  const askName = (query: RawQuery): Promise<Exchange> => exchange({ port: namePort }, query);

  it.each([
    ['`continue` lets the next rules be tried', 'go-on.test.', 'second.test.'],
    ['`stop` does not', 'stop.test.', 'first.test.'],
    ['`prefix` is about first labels', 'pre.x.test.', 'put.x.test.'],
    ['`prefix` is not about letters', 'prefer.x.test.', 'prefer.x.test.'],
    ['`substring` is about any place', 'a.mid.b.mid.c.test.', 'a.centre.b.centre.c.test.'],
    ['`regex` makes a name of groups', 'web-42.re.test.', '42.web.real.test.'],
    ['`regex` leaves others alone', 'web-x.re.test.', 'web-x.re.test.'],
  ])('%s', async (_, name, asked) => {
    const { told, sent } = await askName({ name });
    expect(sent.name).toBe(asked);
    expect(told.question).toBe(`${name} IN A`);
  });

  it('asks in another class, and tells it in the old one', async () => {
    const { told, sent } = await askName({ name: 'x.test.', class: 'CH' });
    expect([sent.name, sent.class]).toEqual(['x.test.', 'IN']);
    expect(told).toMatchObject({
      rcode: 'NOERROR',
      question: 'x.test. CH A',
      answer: ['x.test. 30 IN CNAME host.real.test.', 'host.real.test. 30 IN A 192.0.2.7'],
    });
  });

  it('puts the names of the client back with `answer auto`, and without it does not', async () => {
    for (const name of ['pre.x.test.', 'a.mid.b.test.'])
      expect((await askName({ name })).told.answer[0]).toBe(`${name} 30 IN CNAME host.real.test.`);
    expect((await askName({ name: 'web-42.re.test.' })).told.answer[0]).toBe(
      '42.web.real.test. 30 IN CNAME host.real.test.',
    );
  });

  it('renames owners with `answer name`, and names in data with `answer value`', async () => {
    const owner = await askName({ name: 'web.owner.test.' });
    expect(owner.sent.name).toBe('web.real.test.');
    expect(owner.told.answer).toEqual([
      'web.owner.test. 30 IN CNAME host.real.test.',
      'host.owner.test. 30 IN A 192.0.2.7',
    ]);
    const value = await askName({ name: 'web.value.test.' });
    expect(value.sent.name).toBe('web.real.test.');
    expect(value.told.answer).toEqual([
      'web.real.test. 30 IN CNAME host.value.test.',
      'host.real.test. 30 IN A 192.0.2.7',
    ]);
  });

  const askOptions = async (
    target: Omit<Target, 'port'>,
    ...own: [number, string][]
  ): Promise<Map<number, Buffer>> => {
    const options = own.map(([code, text]) => [code, Buffer.from(text)] as const);
    const { told, sent } = await exchange(
      { ...target, port: optionPort },
      { name: 'x.test.', edns: { options } },
    );
    expect(told.rcode).toBe('NOERROR');
    return optionsOf(sent);
  };

  it('tells so many bits of the address with `edns0 subnet`', async () => {
    // Family, bits, scope, and the address.
    const ofIpv4 = await askOptions({ from: '127.1.255.1' });
    expect(ofIpv4.get(8)?.toString('hex')).toBe('000114007f01f0');
    const ofIpv6 = await askOptions({ host: '::1' });
    expect(ofIpv6.get(8)?.toString('hex')).toBe('0002380000000000000000');
  });

  it('appends where there is none, replaces where there is one, and takes away', async () => {
    const without = await askOptions({});
    expect([...without.keys()].toSorted((a, b) => a - b)).toEqual([8, 0xffe1, 0xffe3]);
    expect(String(without.get(0xffe1))).toBe('appended');
    expect(String(without.get(0xffe3))).toBe('kept');
    const withBoth = await askOptions({}, [0xffe1, 'mine'], [0xffe2, 'mine']);
    expect([...withBoth.keys()].toSorted((a, b) => a - b)).toEqual([8, 0xffe2, 0xffe3]);
    expect(String(withBoth.get(0xffe2))).toBe('replaced');
  });
});
