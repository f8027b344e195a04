import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/chain/query.ts';
import { Query as ClientQuery } from '../../../src/chain/query.ts';
import { isOpt } from '../../../src/wire/edns.ts';
import { HEADER_OCTETS, readUint16 } from '../../../src/wire/header.ts';
import { RECORD, RecordWalk } from '../../../src/wire/records.ts';
import { rawQuery } from '../../support/raw-message.ts';
import type { RawEdns } from '../../support/raw-message.ts';
import { replyTo } from '../../support/reply-to.ts';
import { RewriteChain, sent } from './rewrite-chain.ts';

const NSID = 3;
const SUBNET = 8;
const LOCAL = 0xffee;

/** Options of a query as `CODE HEX`; undefined without an OPT. */
function optionsOf(query: Query): string[] | undefined {
  if (!query.hasOpt) return undefined;
  const walk = new RecordWalk();
  walk.startAt(query.message, query.length, HEADER_OCTETS + query.questionLength);
  const options: string[] = [];
  while (walk.next() === RECORD) {
    expect(isOpt(walk)).toBe(true);
    for (let at = walk.rdataOffset; at < walk.nextOffset;) {
      const next = at + 4 + readUint16(query.message, at + 2);
      const data = Buffer.from(query.message.subarray(at + 4, next)).toString('hex');
      options.push(`${readUint16(query.message, at)} ${data}`.trimEnd());
      at = next;
    }
  }
  return options;
}

interface Asked {
  readonly edns?: RawEdns;
  readonly clientAddress?: string;
  readonly transport?: 'udp' | 'tcp';
}

/** What the handlers behind see of a query for `A.Test. A`, and what the client is told. */
function ask(rules: string, { edns, clientAddress = '192.0.2.77', transport = 'udp' }: Asked = {}) {
  const chain = new RewriteChain(rules);
  const client = new ClientQuery();
  const message = rawQuery({ name: 'A.Test.', ...(edns === undefined ? {} : { edns }) });
  expect(client.read(message, message.length)).toBe(true);
  Object.assign(client, {
    clientAddress,
    clientPort: 0x1234,
    localAddress: '2001:db8::53',
    localPort: 53,
    transport,
  });
  client.server = chain.context.servers[0];
  client.replyLimit = 1232;
  let seen: { options: string[] | undefined; udpSize: number; dnssecOk: boolean } | undefined;
  chain.script = (query) => {
    seen = { options: optionsOf(query), udpSize: query.udpSize, dnssecOk: query.dnssecOk };
    return replyTo(query, { answers: ['@ 30 IN A 192.0.2.1'] });
  };
  const outcome = chain.handler.ask(client);
  if (outcome instanceof Promise) throw new Error('nobody waits');
  return { seen, told: sent(client, outcome) };
}

const withOptions = (...options: readonly (readonly [number, string])[]): Asked => ({
  edns: { udpSize: 4096, options: options.map(([code, hex]) => [code, Buffer.from(hex, 'hex')] as const) },
});

describe('edns0', () => {
  const HAS = withOptions([LOCAL, '01'], [10, '0011223344556677']);
  const COOKIE = '10 0011223344556677';
  it.each([
    ['local set adds', 'local set 0xffee 0x6162', {}, [`${LOCAL} 6162`]],
    ['local set takes text', 'local set 65518 ab', {}, [`${LOCAL} 6162`]],
    ['local set replaces', 'local set 0xffee ab', HAS, [COOKIE, `${LOCAL} 6162`]],
    ['local append adds', 'local append 0xffef ab', HAS, [`${LOCAL} 01`, COOKIE, '65519 6162']],
    ['local append leaves what is there', 'local append 0xffee ab', HAS, [`${LOCAL} 01`, COOKIE]],
    ['local replace replaces', 'local replace 0xffee ab', HAS, [COOKIE, `${LOCAL} 6162`]],
    ['local replace adds nothing', 'local replace 0xffef ab', HAS, [`${LOCAL} 01`, COOKIE]],
    ['local replace adds no OPT', 'local replace 0xffef ab', {}, undefined],
    ['local unset removes', 'local unset 0xffee', HAS, [COOKIE]],
    ['local unset of nothing', 'local unset 0xffef', {}, undefined],
    ['nsid set', 'nsid set', {}, [String(NSID)]],
    ['nsid append', 'nsid append', withOptions([NSID, 'aa']), [`${NSID} aa`]],
    ['nsid replace', 'nsid replace', withOptions([NSID, 'aa']), [String(NSID)]],
    ['nsid unset', 'nsid unset', withOptions([NSID, '']), []],
    ['subnet set', 'subnet set 24 56', {}, [`${SUBNET} 00011800c00002`]],
    ['subnet within an octet', 'subnet set 26 56', {}, [`${SUBNET} 00011a00c0000240`]],
    ['subnet of nothing', 'subnet set 0 0', {}, [`${SUBNET} 00010000`]],
    [
      'subnet of IPv6',
      'subnet set 24 56',
      { clientAddress: '2001:db8:1:2ff::7' },
      [`${SUBNET} 0002380020010db8000102`],
    ],
    [
      'subnet of a mapped address',
      'subnet set 24 56',
      { clientAddress: '::ffff:192.0.2.7' },
      [`${SUBNET} 00011800c00002`],
    ],
    ['subnet append', 'subnet append 24 56', withOptions([SUBNET, '00010000']), [`${SUBNET} 00010000`]],
    ['subnet replace', 'subnet replace 8 56', withOptions([SUBNET, '00010000']), [`${SUBNET} 00010800c0`]],
    ['subnet unset', 'subnet unset', withOptions([SUBNET, '00010000']), []],
    ['{qname}', 'local set 1 {qname}', {}, [`1 ${Buffer.from('A.Test.').toString('hex')}`]],
    ['{qtype}', 'local set 1 {qtype}', {}, ['1 0001']],
    ['{client_ip}', 'local set 1 {client_ip}', {}, ['1 c000024d']],
    ['{client_port}', 'local set 1 {client_port}', {}, ['1 1234']],
    [
      '{protocol}',
      'local set 1 {protocol}',
      { transport: 'tcp' },
      [`1 ${Buffer.from('tcp').toString('hex')}`],
    ],
    ['{server_ip}', 'local set 1 {server_ip}', {}, ['1 20010db8000000000000000000000053']],
    ['{server_port}', 'local set 1 {server_port}', {}, ['1 0035']],
    ['a label of metadata, which nobody publishes', 'local set 1 {forward/upstream}', {}, undefined],
  ] as const)('%s', (_, rule, asked, options) => {
    const { seen, told } = ask(`rewrite edns0 ${rule}`, asked);
    expect(seen?.options).toEqual(options);
    expect(told).toMatchObject({ question: 'A.Test. IN A', hasOpt: 'edns' in asked });
  });

  it('lets several rules make one OPT, and keeps size and DO', () => {
    const { seen } = ask(
      'rewrite continue edns0 nsid set\nrewrite continue name a.test longer.b.test\nrewrite edns0 local set 1 ab revert',
      { edns: { udpSize: 1400, dnssecOk: true } },
    );
    expect(seen).toEqual({ options: ['3', '1 6162'], udpSize: 1400, dnssecOk: true });
  });

  it('takes the options over as they are where no rule is about them', () => {
    const { seen } = ask('rewrite name a.test longer.b.test', HAS);
    expect(seen).toEqual({ options: [`${LOCAL} 01`, COOKIE], udpSize: 4096, dnssecOk: false });
  });

  it('leaves out what does not fit into an OPT', () => {
    const rules = Array.from(
      { length: 3 },
      (_, i) => `rewrite continue edns0 local set ${i + 1} ${'x'.repeat(30_000)}`,
    );
    expect(ask(rules.join('\n')).seen?.options?.map((option) => option.length)).toEqual([60_002, 60_002]);
  });
});
