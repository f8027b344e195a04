/** Clients that take the first address of an answer spread, whether it comes from the cluster DNS or from memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTER_DOMAIN, CLUSTER_ZONE, HEADLESS_ADDRESSES } from '../support/cluster-zone.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { startKnot } from '../support/knot.ts';
import type { Knot } from '../support/knot.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tempFile } from '../support/temp-file.ts';
import { requireTools } from '../support/tools.ts';
import { UdpClient } from '../support/udp-client.ts';

const { available, reason } = requireTools('knotd');

const ZONE = `${CLUSTER_ZONE}
two.default.svc A 10.96.5.1
two.default.svc A 10.96.5.2
two.default.svc AAAA fd00:96::5:1
two.default.svc AAAA fd00:96::5:2
behind.default.svc CNAME two.default.svc
_port._tcp.two.default.svc SRV 0 0 1 two.default.svc
_port._tcp.two.default.svc SRV 0 0 2 pod-0.peers.default.svc
mail.default.svc MX 10 mx-1.mail.default.svc
mail.default.svc MX 10 mx-2.mail.default.svc
mail.default.svc MX 10 mx-3.mail.default.svc
mx-1.mail.default.svc A 10.96.6.1
mx-2.mail.default.svc A 10.96.6.2
mx-3.mail.default.svc A 10.96.6.3
`;
/** Both orders of two come, but for one run in 10^12. */
const ROUNDS = 40;

const rdataOf = (line: string): string => line.split(' ').slice(4).join(' ');
const firsts = (replies: readonly RawReply[]): string[] =>
  [...new Set(replies.map(({ answer }) => rdataOf(answer[0])))].toSorted();

describe.skipIf(!available)(`loadbalance ${reason}`, () => {
  let knot: Knot;
  const daemons: Daemon[] = [];
  beforeAll(async () => {
    knot = await startKnot({ zones: { [CLUSTER_DOMAIN]: ZONE } });
  });
  afterAll(() => Promise.all([knot.stop(), ...daemons.map((daemon) => daemon.stop())]));

  /** @returns asks `name.default.svc.cluster.local` again and again, over UDP */
  async function asking(
    loadbalance: string,
    cache = 'cache 30',
  ): Promise<(name: string, type?: string) => Promise<RawReply[]>> {
    const port = await freePort();
    daemons.push(
      await startDaemon({
        corefile: `${CLUSTER_DOMAIN}:${port} {
          bind 127.0.0.1
          ${loadbalance}
          ${cache}
          forward . ${knot.host}:${knot.port} {
            force_tcp
          }
        }
`,
      }),
    );
    const client = await UdpClient.open({ port });
    return async (name, type = 'A') => {
      const replies: RawReply[] = [];
      for (let id = 1; id <= ROUNDS; id++) {
        const query = rawQuery({ id, name: `${name}.default.svc.${CLUSTER_DOMAIN}`, type, edns: {} });
        replies.push(readReply(await client.ask(query)));
      }
      return replies;
    };
  }

  it.each([
    ['from memory', 'cache 30'],
    ['from the cluster DNS each time', ''],
  ])('puts each address first at some time, %s', async (_, cache) => {
    const ask = await asking('loadbalance', cache);
    expect(firsts(await ask('two'))).toEqual(['10.96.5.1', '10.96.5.2']);
    expect(firsts(await ask('two', 'AAAA'))).toEqual(['fd00:96::5:1', 'fd00:96::5:2']);
    const crowd = await ask('peers');
    for (const { answer } of crowd)
      expect(answer.map(rdataOf).toSorted()).toEqual([...HEADLESS_ADDRESSES].toSorted());
    expect(firsts(crowd).length).toBeGreaterThan(5);
    const behind = await ask('behind');
    for (const { answer } of behind) expect(answer[0]).toContain(' CNAME ');
    expect(new Set(behind.map(({ answer }) => answer[1])).size).toBe(2);
  });

  it('moves no name away from what points to it', async () => {
    const ask = await asking('loadbalance');
    const mail = await ask('mail', 'MX');
    expect(firsts(mail)).toHaveLength(3);
    for (const { answer, additional } of mail) {
      expect(answer.map(rdataOf).toSorted()).toEqual(
        [1, 2, 3].map((number) => `10 mx-${number}.mail.default.svc.cluster.local.`),
      );
      const owners = additional.map((line) => `${line.split(' ')[0]} ${rdataOf(line)}`).toSorted();
      expect(owners).toEqual(
        [1, 2, 3].map((number) => `mx-${number}.mail.default.svc.cluster.local. 10.96.6.${number}`),
      );
    }
    for (const { additional } of await ask('_port._tcp.two', 'SRV')) {
      for (const line of additional) {
        const isTwo = / (?:10\.96\.5|fd00:96::5:)/.test(line);
        expect(line.startsWith(isTwo ? 'two.' : 'pod-0.peers.')).toBe(true);
      }
    }
  });

  it('prefers networks', async () => {
    const ask = await asking('loadbalance round_robin {\n prefer 10.96.5.2/32 fd00:96::5:1/128\n}');
    expect(firsts(await ask('two'))).toEqual(['10.96.5.2']);
    expect(firsts(await ask('two', 'AAAA'))).toEqual(['fd00:96::5:1']);
  });

  it('weighs addresses by a file', async () => {
    const path = tempFile('two.default.svc.cluster.local\n10.96.5.2 255\n', 'weights');
    const ask = await asking(`loadbalance weighted ${path} {\n reload 0\n}`);
    const replies = [...(await ask('two')), ...(await ask('two'))];
    const heavy = replies.filter(({ answer }) => rdataOf(answer[0]) === '10.96.5.2');
    expect(heavy.length).toBeGreaterThan(replies.length / 2);
  });

  it('gives queries that wait for one exchange, and hits between them, whole answers', async () => {
    const port = await freePort();
    daemons.push(
      await startDaemon({
        corefile: `${CLUSTER_DOMAIN}:${port} {
          bind 127.0.0.1
          loadbalance
          cache 30
          forward . ${knot.host}:${knot.port}
        }
`,
      }),
    );
    const client = await TcpClient.open({ port });
    const names = ['two', 'peers', 'behind', 'mail', 'crowded', 'pod-0.peers', 'kubernetes'];
    const all = Array.from({ length: 60 }, (_, id) =>
      framed(rawQuery({ id, name: `${names[id % names.length]}.default.svc.${CLUSTER_DOMAIN}` })),
    );
    client.write(Buffer.concat(all));
    const byName = new Map<string, Set<string>>();
    for (const message of await client.waitForMessages(all.length)) {
      const { question, answer } = readReply(message);
      const sorted = answer.map((line) => line.replace(/ \d+ IN /, ' IN ')).toSorted();
      byName.set(question, (byName.get(question) ?? new Set()).add(sorted.join('\n')));
    }
    expect(byName.size).toBe(names.length);
    for (const answers of byName.values()) expect(answers.size).toBe(1);
  });
});
