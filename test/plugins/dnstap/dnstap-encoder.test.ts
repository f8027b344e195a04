/** Octets are worked out by hand from `dnstap.proto`. */
import { describe, expect, it } from 'vitest';
import {
  CLIENT_QUERY,
  DnstapEncoder,
  FORWARDER_RESPONSE,
  PROTOCOL_DOT,
  PROTOCOL_UDP,
} from '../../../src/plugins/dnstap/dnstap-encoder.ts';
import type { TapMessage } from '../../../src/plugins/dnstap/dnstap-encoder.ts';
import { octetsOf, readFields } from './read-protobuf.ts';

const QUERY: TapMessage = {
  type: CLIENT_QUERY,
  isIpv6: false,
  protocol: PROTOCOL_UDP,
  from: { octets: Uint8Array.of(192, 0, 2, 53), port: 40_000 },
  to: undefined,
  queryMs: 1_700_000_000_250.5,
  responseMs: undefined,
  query: undefined,
  response: undefined,
};

const hex = (encoder: DnstapEncoder, message: TapMessage, extra = ''): string =>
  Buffer.from(encoder.encode(message, extra)).toString('hex');

/** The fields of the message inside. */
const fieldsOf = (message: TapMessage): ReturnType<typeof readFields> =>
  readFields(octetsOf(readFields(Buffer.from(new DnstapEncoder('', '').encode(message, ''))), 14));

describe('a dnstap payload', () => {
  it('is laid out as its schema has it', () => {
    const expected = [
      '0a 02 6e31', // identity: "n1"
      '12 02 7631', // version: "v1"
      '1a 02 7879', // extra: "xy"
      '72 1b', // message, of 27 octets
      '08 05', // type: CLIENT_QUERY
      '10 01', // socket_family: INET
      '18 01', // socket_protocol: UDP
      '22 04 c0000235', // query_address
      '30 c0b802', // query_port: 40000
      '40 80e2cfaa06', // query_time_sec: 1700000000
      '4d a053ee0e', // query_time_nsec: 250,500,000 = 0x0eee53a0
      '78 01', // type: MESSAGE
    ];
    expect(hex(new DnstapEncoder('n1', 'v1'), QUERY, 'xy')).toBe(expected.join('').replaceAll(' ', ''));
  });

  it('leaves out what is empty', () => {
    expect(hex(new DnstapEncoder('', ''), QUERY).slice(0, 4)).toBe('721b');
  });

  it('is laid out anew each time', () => {
    const encoder = new DnstapEncoder('n1', 'v1');
    const first = hex(encoder, QUERY, 'xy');
    hex(encoder, { ...QUERY, query: Buffer.alloc(5_000) });
    expect(hex(encoder, QUERY, 'xy')).toBe(first);
  });

  it('has both ends, both times and the messages', () => {
    const fields = fieldsOf({
      type: FORWARDER_RESPONSE,
      isIpv6: true,
      protocol: PROTOCOL_DOT,
      from: { octets: Uint8Array.of(10, 0, 0, 1), port: 5 },
      to: { octets: Buffer.from('20010db8000000000000000000000001', 'hex'), port: 853 },
      queryMs: 1_000,
      responseMs: 2_999.999_9,
      query: Uint8Array.of(1),
      response: Uint8Array.of(2, 3),
    });
    expect([...fields]).toEqual([
      [1, 8],
      [2, 2],
      [3, 3],
      [4, Buffer.of(10, 0, 0, 1)],
      [5, Buffer.from('20010db8000000000000000000000001', 'hex')],
      [6, 5],
      [7, 853],
      [8, 1],
      [9, 0],
      [10, Buffer.of(1)],
      [12, 2],
      [13, 999_999_000],
      [14, Buffer.of(2, 3)],
    ]);
  });

  it('has no address where none is known', () => {
    const nobody = { octets: new Uint8Array(0), port: 53 };
    const fields = fieldsOf({ ...QUERY, from: nobody, to: nobody });
    expect([fields.has(4), fields.has(5), fields.get(6), fields.get(7)]).toEqual([false, false, 53, 53]);
  });
});
