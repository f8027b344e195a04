/** EDNS is between two neighbours: an OPT comes back where one was sent, and what a client puts into it goes no further. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import type { DigResult } from '../support/dig.ts';
import { freePort } from '../support/free-port.ts';
import { OPT_OCTETS } from '../../src/wire/edns.ts';
import { closeConnection, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { requireTools } from '../support/tools.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const { available, reason } = requireTools('dig');

const OPTIONS = ['+nsid', '+cookie=0123456789abcdef', '+subnet=192.0.2.0/24', '+padding=128', '+keepalive'];
/** Header, `x.org`, type and class, and an OPT without options. */
const PLAIN_OCTETS = 12 + 7 + 4 + OPT_OCTETS;

describe.skipIf(!available)(`the OPT of a client ${reason}`, () => {
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let port: number;
  beforeAll(async () => {
    upstream = await startScriptedUpstream(({ name }) => {
      if (name.startsWith('f.')) return closeConnection();
      if (name.startsWith('n.')) {
        return reply({ rcode: 'NXDOMAIN', authority: ['org. 30 IN SOA ns.org. root.org. 1 1 1 1 30'] });
      }
      return reply({ answers: ['@ 30 IN A 192.0.2.1'] });
    });
    port = await freePort();
    daemon = await startDaemon({
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
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
  });

  const ask = (name: string, ...words: string[]): Promise<DigResult> =>
    dig(['@127.0.0.1', '-p', String(port), '+tries=1', name, ...words]);

  it.each([
    ['an answer', 'w.org', 'NOERROR'],
    ['a denial', 'n.org', 'NXDOMAIN'],
    ['a failure', 'f.org', 'SERVFAIL'],
    ['a refusal', 'w.net', 'REFUSED'],
  ])('is matched by one in %s, and by none where there is none', async (_, name, status) => {
    for (let round = 1; round <= 2; round++) {
      const plain = await ask(name, '+noedns');
      expect(plain.status).toBe(status);
      expect(plain.edns).toBeUndefined();
      expect(plain.additional).toEqual([]);
      const withOpt = await ask(name, '+edns=0');
      expect(withOpt.status).toBe(status);
      expect(withOpt.edns).toMatchObject({ version: 0, flags: [], udpSizeOctets: 1232, options: [] });
      expect((await ask(name, '+dnssec')).edns).toMatchObject({ version: 0, flags: ['do'] });
    }
  });

  it('does not bring its options upstream, and gets none back', async () => {
    const before = upstream.queries.length;
    const first = await ask('x.org', ...OPTIONS);
    expect(first.status).toBe('NOERROR');
    expect(first.edns?.options).toEqual([]);
    // The same answer is anybody's.
    const records = first.answer.map(withoutTtl);
    expect((await ask('x.org')).answer.map(withoutTtl)).toEqual(records);
    expect((await ask('x.org', '+noedns')).answer.map(withoutTtl)).toEqual(records);
    const asked = upstream.queries.slice(before);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ hasOpt: true, udpSize: 1232, dnssecOk: false });
    expect(asked[0].message).toHaveLength(PLAIN_OCTETS);
  });

  it('may fill a query of more than 512 octets', async () => {
    const options = Array.from({ length: 40 }, (_, index) => `+ednsopt=${65_001 + index}:${'ab'.repeat(24)}`);
    for (const transport of ['+notcp', '+tcp']) {
      const { status, answer } = await ask('long.org', transport, ...options);
      expect(status).toBe('NOERROR');
      expect(answer.map(withoutTtl)).toEqual(['long.org. IN A 192.0.2.1']);
    }
  });
});
