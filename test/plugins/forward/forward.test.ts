/** Which questions a line forwards, how it asks them, and when it hands them on. What goes over the wire is in `exchanges.test.ts`. */
import { describe, expect, it } from 'vitest';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { FakeUpstream, Forwarding, failing } from './fake-upstream.ts';

const FOUND: ReplySpec = { answers: ['@ 60 IN A 192.0.2.99'] };
const NODATA: ReplySpec = { authority: ['test. 60 IN SOA ns.test. admin.test. 1 2 3 4 5'] };

describe('which names are forwarded', () => {
  it.each([
    { from: '.', name: 'a.test.', forwarded: true },
    { from: '.', name: '.', forwarded: true },
    { from: 'example.org', name: 'example.org.', forwarded: true },
    { from: 'example.org', name: 'A.EXAMPLE.ORG.', forwarded: true },
    { from: 'example.org', name: 'xexample.org.', forwarded: false },
    { from: 'example.org', name: 'org.', forwarded: false },
    { from: 'example.org', lines: 'except a.example.org', name: 'a.example.org.', forwarded: false },
    { from: 'example.org', lines: 'except a.example.org', name: 'x.A.example.org.', forwarded: false },
    { from: 'example.org', lines: 'except a.example.org', name: 'xa.example.org.', forwarded: true },
    {
      from: 'example.org',
      lines: 'except a.example.org b.example.org',
      name: 'b.example.org.',
      forwarded: false,
    },
    { from: 'example.org', lines: 'except example.org', name: 'example.org.', forwarded: true },
    { from: 'example.org', lines: 'except example.org', name: 'a.example.org.', forwarded: false },
  ])('$name by "forward $from" with "$lines": $forwarded', async ({ from, name, lines, forwarded }) => {
    const line = new Forwarding(lines, 1, undefined, from);
    await line.ask(name);
    expect(line.counts).toEqual([forwarded ? 1 : 0]);
    expect(line.next.asked).toBe(forwarded ? 0 : 1);
  });

  it('others go to the next handler at once', () => {
    const line = new Forwarding('', 1, undefined, 'example.org');
    expect(line.pending('a.test.')).toBe(line.next.outcome);
  });

  it('others go to the next line', async () => {
    const second = new Forwarding('', 1);
    const first = new Forwarding('', 1, second.handler, 'example.org');
    await first.ask('a.test.');
    await first.ask('a.example.org.');
    expect([first.counts, second.counts]).toEqual([[1], [1]]);
  });
});

describe('what is asked', () => {
  it('is the question as it was written, DO and CD, and nothing else of the client', async () => {
    const line = new Forwarding('', 1);
    await line.ask('wWw.TEST.', 'AAAA', { class: 'CH', recursionDesired: false, dnssecOk: true });
    await line.ask('a.test.', 'A', { checkingDisabled: true });
    const [first, second] = line.upstreams[0].asked;
    expect(first.name).toBe('wWw.TEST.');
    expect(first.asked).toMatchObject({
      type: 28,
      class: 3,
      recursionDesired: true,
      checkingDisabled: false,
      hasOpt: true,
      dnssecOk: true,
    });
    expect(second.asked).toMatchObject({ checkingDisabled: true, dnssecOk: false });
  });

  it.each([
    { lines: '', client: 'udp', transport: 'udp' },
    { lines: '', client: 'tcp', transport: 'tcp' },
    { lines: 'force_tcp', client: 'udp', transport: 'tcp' },
    { lines: 'force_tcp', client: 'tcp', transport: 'tcp' },
    { lines: 'prefer_udp', client: 'udp', transport: 'udp' },
    { lines: 'prefer_udp', client: 'tcp', transport: 'udp' },
    { lines: 'prefer_udp\n force_tcp', client: 'udp', transport: 'tcp' },
  ] as const)(
    'goes over $transport for a client of $client with "$lines"',
    async ({ lines, client, transport }) => {
      const line = new Forwarding(lines, 1);
      await line.ask('a.test.', 'A', { transport: client });
      expect(line.upstreams[0].asked[0].transport).toBe(transport);
    },
  );
});

describe('next', () => {
  function twoLines(lines: string, answer: ReplySpec | Error): { first: Forwarding; second: Forwarding } {
    const second = new Forwarding('', 1);
    const first = new Forwarding(lines, 1, second.handler);
    first.upstreams[0].script = () => answer;
    second.upstreams[0].script = () => FOUND;
    return { first, second };
  }

  it.each<{ what: string; lines: string; answer: ReplySpec | Error; handedOver: boolean }>([
    { what: 'an rcode of the list', lines: 'next NXDOMAIN', answer: { rcode: 'NXDOMAIN' }, handedOver: true },
    {
      what: 'the second of the list',
      lines: 'next NXDOMAIN REFUSED',
      answer: { rcode: 'REFUSED' },
      handedOver: true,
    },
    { what: 'another rcode', lines: 'next NXDOMAIN', answer: { rcode: 'SERVFAIL' }, handedOver: false },
    { what: 'an answer', lines: 'next NXDOMAIN', answer: FOUND, handedOver: false },
    { what: 'no such type', lines: 'next_on_nodata', answer: NODATA, handedOver: true },
    {
      what: 'an answer, where NODATA is handed over',
      lines: 'next_on_nodata',
      answer: FOUND,
      handedOver: false,
    },
    {
      what: 'NXDOMAIN, where NODATA is handed over',
      lines: 'next_on_nodata',
      answer: { ...NODATA, rcode: 'NXDOMAIN' },
      handedOver: false,
    },
    { what: 'silence', lines: 'next SERVFAIL', answer: failing(), handedOver: false },
  ])('hands over to the next line for $what: $handedOver', async ({ lines, answer, handedOver }) => {
    const { first, second } = twoLines(lines, answer);
    await first.ask();
    expect(second.counts).toEqual([handedOver ? 1 : 0]);
  });

  it('gives the answer of the next line', async () => {
    const { first } = twoLines('next NXDOMAIN', { rcode: 'NXDOMAIN' });
    expect(await first.ask()).toMatchObject({ rcode: 0, message: { length: 40 } });
  });

  it('hands over to nothing but a line of its kind', async () => {
    const line = new Forwarding('next NXDOMAIN', 1);
    line.upstreams[0].script = () => ({ rcode: 'NXDOMAIN' });
    expect(await line.ask()).toMatchObject({ rcode: 3 });
    expect(line.next.asked).toBe(0);
  });
});

it('a fake upstream is a real one for everybody who asks', () => {
  expect(new FakeUpstream(53).label).toBe('192.0.2.1:53');
});
