/**
 * A pod asks for random names through its search list, many more than the cache has room for. Names that others ask for now and then, with
 * more random names in between than there is room for, come to stay in the cache and are asked upstream a few times only.
 */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { UdpClient } from '../../support/udp-client.ts';

/** Answers and denials each: the least that a cache holds. */
const CAPACITY = 1_024;
const HOT_NAMES = 50;
const ROUNDS = 8;
const RANDOM_PER_ROUND = CAPACITY + 176;
const AT_A_TIME = 100;
const SUFFIXES = ['ns-1.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'];
const SOA = 'cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30';

/** Half of them exist, half are what a search list makes of a name elsewhere. */
const hotName = (index: number): string =>
  index % 2 === 0 ? `svc-${index}.ns-1.svc.cluster.local` : `api-${index}.example.com.svc.cluster.local`;

const randomNames = (round: number): string[] =>
  Array.from(
    { length: RANDOM_PER_ROUND },
    (_, index) => `r${round}-${Math.floor(index / SUFFIXES.length)}.${SUFFIXES[index % SUFFIXES.length]}`,
  );

async function askAll(client: UdpClient, names: readonly string[]): Promise<number> {
  let answered = 0;
  for (let from = 0; from < names.length; from += AT_A_TIME) {
    const messages = names.slice(from, from + AT_A_TIME).map((name, id) => rawQuery({ name, id }));
    const replies = await Promise.all(messages.map((message) => client.ask(message)));
    answered += replies.filter((message) => readReply(message).rcode !== 'SERVFAIL').length;
  }
  return answered;
}

it('random names do not keep those that are in use out of the cache', { timeout: 60_000 }, async () => {
  const upstream = await startScriptedUpstream(({ name }) =>
    name.startsWith('svc-')
      ? reply({ answers: ['@ 300 IN A 10.96.0.1'] })
      : reply({ rcode: 'NXDOMAIN', authority: [SOA] }),
  );
  onTestFinished(() => upstream.close());
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache {
        success ${CAPACITY}
        denial ${CAPACITY}
      }
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const [flooder, other] = await Promise.all([
    UdpClient.open({ port, from: '127.0.0.66' }),
    UdpClient.open({ port, from: '127.0.0.2' }),
  ]);
  const hot = Array.from({ length: HOT_NAMES }, (_, index) => hotName(index));
  const hotAsked = (): number => upstream.queries.filter(({ name }) => /^(?:svc|api)-/.test(name)).length;

  for (let round = 0; round < 2; round++) {
    expect(await askAll(other, hot)).toBe(HOT_NAMES);
    await askAll(flooder, randomNames(round));
  }
  const learned = hotAsked();
  for (let round = 2; round < ROUNDS; round++) {
    expect(await askAll(other, hot)).toBe(HOT_NAMES);
    await askAll(flooder, randomNames(round));
  }
  expect((hotAsked() - learned) / (HOT_NAMES * (ROUNDS - 2))).toBeLessThan(0.01);
});
