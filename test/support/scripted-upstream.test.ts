import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { Packet } from 'dns2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { replyMessage } from './scripted-reply.ts';
import { later, reply, startScriptedUpstream } from './scripted-upstream.ts';
import type { ReceivedQuery, Script } from './scripted-upstream.ts';

const QUERY: ReceivedQuery = {
  name: 'www.example.org.',
  type: 'ANY',
  class: 'IN',
  id: 0x1234,
  flags: 0x0100,
  hasOpt: false,
  dnssecOk: false,
  udpSize: 512,
  transport: 'udp',
  clientPort: 1,
  connection: 0,
  message: new Uint8Array(0),
};

const serve = async (script: Script) => {
  const upstream = await startScriptedUpstream(script);
  onTestFinished(() => upstream.close().catch(() => undefined));
  return upstream;
};

/** `www.example.org. A IN`, id 0x1234, RD. */
const ASKED = Buffer.from(
  '123401000001000000000000 03777777 076578616d706c65 036f7267 00 0001 0001'.replaceAll(' ', ''),
  'hex',
);

it('a reply is what an independent reader takes it for', () => {
  const message = replyMessage(QUERY, {
    authoritative: true,
    answers: [
      '@ 30 IN A 192.0.2.1',
      '@ 31 IN AAAA 2001:db8::1',
      '@ 32 IN MX 10 mx.example.org.',
      '@ 33 IN TXT one two',
      '@ 34 IN SRV 1 2 53 ns.example.org.',
    ],
    authority: ['example.org. 60 IN SOA ns.example.org. root.example.org. 1 7200 3600 86400 300'],
    additional: ['ns.example.org. 60 IN A 192.0.2.53'],
  });
  const packet = Packet.parse(Buffer.from(message));
  expect(packet.header).toMatchObject({ id: 0x1234, qr: 1, aa: 1, rd: 1, ra: 1, rcode: 0 });
  expect(packet.questions).toMatchObject([{ name: 'www.example.org', type: 255, class: 1 }]);
  expect(packet.answers).toMatchObject([
    { name: 'www.example.org', type: 1, ttl: 30, address: '192.0.2.1' },
    { type: 28, ttl: 31, address: '2001:db8::1' },
    { type: 15, ttl: 32, priority: 10, exchange: 'mx.example.org' },
    { type: 16, ttl: 33 },
    { type: 33, ttl: 34, priority: 1, weight: 2, port: 53, target: 'ns.example.org' },
  ]);
  expect(packet.authorities).toMatchObject([
    { name: 'example.org', type: 6, ttl: 60, primary: 'ns.example.org', minimum: 300 },
  ]);
  expect(packet.additionals).toMatchObject([{ name: 'ns.example.org', address: '192.0.2.53' }]);
});

describe('a scripted upstream', () => {
  it('answers over UDP and remembers the query', async () => {
    const upstream = await serve(() => reply({ rcode: 'NXDOMAIN' }));
    const client = createSocket('udp4');
    onTestFinished(() => {
      client.close();
    });
    client.send(ASKED, upstream.port, upstream.host);
    const [datagram] = await once(client, 'message');
    expect(Packet.parse(datagram).header).toMatchObject({ id: 0x1234, rcode: 3 });
    expect(upstream.queries).toMatchObject([
      {
        name: 'www.example.org.',
        type: 'A',
        class: 'IN',
        id: 0x1234,
        transport: 'udp',
        clientPort: client.address().port,
      },
    ]);
  });

  it('tells the test what its script threw', async () => {
    const upstream = await serve(() => {
      throw new Error('no such query');
    });
    const client = createSocket('udp4');
    onTestFinished(() => {
      client.close();
    });
    client.send(ASKED, upstream.port, upstream.host);
    await expect(upstream.waitForQueries(2)).rejects.toThrow('no such query');
    await expect(upstream.close()).rejects.toThrow('no such query');
  });

  it('may be closed while it still has something to say', async () => {
    const gate = Promise.withResolvers<void>();
    const upstream = await serve(() => later(gate.promise, reply()));
    const client = createSocket('udp4');
    onTestFinished(() => {
      client.close();
    });
    client.send(ASKED, upstream.port, upstream.host);
    await upstream.waitForQueries(1);
    const closed = upstream.close();
    gate.resolve();
    await closed;
  });
});
