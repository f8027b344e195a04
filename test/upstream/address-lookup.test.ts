import { expect, it } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { lookUpAddresses } from '../../src/upstream/address-lookup.ts';
import type { FoundAddresses } from '../../src/upstream/address-lookup.ts';
import { closeConnection, drop, reply } from '../support/scripted-upstream.ts';
import type { Script } from '../support/scripted-upstream.ts';
import { serve } from './open-upstream.ts';

const lookUp = (servers: readonly { host: string; port: number }[]): Promise<FoundAddresses> =>
  lookUpAddresses('Dns.test', servers, { clock: SYSTEM_CLOCK });

/** What one resolver that answers so gives. */
const foundBy = async (script: Script): Promise<FoundAddresses> => lookUp([await serve(script)]);

it('asks for addresses of both families, with RD and an id of its own', async () => {
  const server = await serve(() => reply({}));
  await expect(lookUp([server])).rejects.toThrow();
  expect(server.queries.map(({ name, type, flags }) => [name, type, (flags & 0x100) !== 0])).toEqual([
    ['Dns.test.', 'A', true],
    ['Dns.test.', 'AAAA', true],
  ]);
});

it('finds all addresses behind an alias, each once, for as long as every record is good', async () => {
  const found = await foundBy(({ type }) =>
    reply({
      answers: [
        '@ 20 IN CNAME x.test.',
        ...(type === 'A' ? ['x.test. 60 IN A 192.0.2.2', 'x.test. 60 IN A 192.0.2.1'] : []),
        ...(type === 'A' ? ['x.test. 60 IN A 192.0.2.2'] : ['x.test. 90 IN AAAA 2001:db8::1']),
      ],
    }),
  );
  expect(found).toEqual({ ipv4: ['192.0.2.2', '192.0.2.1'], ipv6: ['2001:db8::1'], ttlSeconds: 20 });
});

it('takes nothing for an address that is not in the answer', async () => {
  await expect(
    foundBy(() =>
      reply({ additional: ['@ 60 IN A 192.0.2.1'], answers: ['@ 60 IN TXT "x"', '@ 60 CH A 192.0.2.3'] }),
    ),
  ).rejects.toThrow('no addresses found for "Dns.test"');
});

it('asks over TCP for what did not fit', async () => {
  const found = await foundBy(({ transport, type }) =>
    transport === 'udp'
      ? reply({ truncated: true })
      : reply({ answers: type === 'A' ? ['@ 9 IN A 192.0.2.1'] : [] }),
  );
  expect(found).toEqual({ ipv4: ['192.0.2.1'], ipv6: [], ttlSeconds: 9 });
});

it('does not take a failure for there being none of that family', async () => {
  const found = await foundBy(({ type }) =>
    reply(type === 'A' ? { answers: ['@ 9 IN A 192.0.2.1'] } : { rcode: 'SERVFAIL' }),
  );
  expect(found).toEqual({ ipv4: ['192.0.2.1'], ipv6: undefined, ttlSeconds: 9 });
});

it('asks the next resolver when one knows none', async () => {
  const [none, closed, good, last] = await Promise.all([
    serve(() => reply({ rcode: 'NXDOMAIN' })),
    serve(() => drop(), { udp: false }),
    serve(({ type }) => reply({ answers: type === 'A' ? ['@ 9 IN A 192.0.2.1'] : [] })),
    serve(() => reply({ answers: ['@ 9 IN A 192.0.2.9'] })),
  ]);
  expect((await lookUp([none, closed, good, last])).ipv4).toEqual(['192.0.2.1']);
  expect([none, good, last].map(({ queries }) => queries.length)).toEqual([2, 2, 0]);
});

it.each<{ what: string; script: Script; message: RegExp }>([
  {
    what: 'NXDOMAIN',
    script: () => reply({ rcode: 'NXDOMAIN' }),
    message: /^no addresses found for "Dns\.test"$/,
  },
  { what: 'no records', script: () => reply({}), message: /^no addresses found for "Dns\.test"$/ },
  {
    what: 'SERVFAIL',
    script: () => reply({ rcode: 'SERVFAIL' }),
    message: /^no addresses found for "Dns\.test": 127\.0\.0\.1:\d+: answered SERVFAIL$/,
  },
  {
    what: 'nothing over TCP',
    script: ({ transport }) =>
      transport === 'udp' ? reply({ rcode: 'REFUSED', truncated: true }) : closeConnection(),
    message: /answered REFUSED$/,
  },
])('says what was wrong: $what', async ({ script, message }) => {
  await expect(foundBy(script)).rejects.toThrow(message);
});

it('says that there is nobody to ask', async () => {
  await expect(lookUp([])).rejects.toThrow('no addresses found for "Dns.test": there is no resolver to ask');
});

it('gives each resolver two seconds', async () => {
  const silent = await serve(() => drop());
  const startMs = SYSTEM_CLOCK.nowMs();
  await expect(lookUp([silent])).rejects.toThrow(/: read udp .*: i\/o timeout$/);
  expect(SYSTEM_CLOCK.nowMs() - startMs).toBeGreaterThan(1_990);
});
