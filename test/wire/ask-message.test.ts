import { Packet } from 'dns2';
import { describe, expect, it } from 'vitest';
import { askMessage } from '../../src/wire/ask-message.ts';
import type { AskOptions } from '../../src/wire/ask-message.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { SCREEN_READ, screenHeader } from '../../src/wire/screen.ts';
import { hex, label, octets } from './raw-message.ts';

const OPTIONS: AskOptions = { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: true };
const question = { name: octets('a.Org.'), type: 28, class: 1 };

describe('the query that is sent upstream', () => {
  it.each([
    [
      'with everything',
      { recursionDesired: true, checkingDisabled: true, dnssecOk: true, edns: true },
      '00 00 01 30 00 01 00 00 00 00 00 01 01 61 03 4f 72 67 00 00 1c 00 01 00 00 29 04 d0 00 00 80 00 00 00',
    ],
    [
      'with EDNS',
      OPTIONS,
      '00 00 01 20 00 01 00 00 00 00 00 01 01 61 03 4f 72 67 00 00 1c 00 01 00 00 29 04 d0 00 00 00 00 00 00',
    ],
    [
      'without EDNS, DO has no place to stand',
      { ...OPTIONS, edns: false, dnssecOk: true },
      '00 00 01 20 00 01 00 00 00 00 00 00 01 61 03 4f 72 67 00 00 1c 00 01',
    ],
    [
      'without recursion',
      { ...OPTIONS, edns: false, recursionDesired: false },
      '00 00 00 20 00 01 00 00 00 00 00 00 01 61 03 4f 72 67 00 00 1c 00 01',
    ],
  ])('%s', (_what, options, wanted) => {
    expect(hex(askMessage(question, options))).toBe(wanted);
  });

  it('holds the longest name', () => {
    const name = octets(label(63), label(63), label(63), label(61), 0);
    const message = askMessage({ name, type: 1, class: 1 }, OPTIONS);
    expect(message).toHaveLength(12 + 255 + 4 + 11);
    const query = new QueryMessage();
    expect(query.read(message, message.length)).toBe(true);
    expect(query.nameLength).toBe(255);
  });

  it('is a query to ourselves', () => {
    const message = askMessage(question, { ...OPTIONS, dnssecOk: true });
    expect(screenHeader(message, message.length)).toBe(SCREEN_READ);
    const query = new QueryMessage();
    expect(query.read(message, message.length)).toBe(true);
    expect(query).toMatchObject({ type: 28, class: 1, hasOpt: true, udpSize: 1232, dnssecOk: true });
  });

  it('is a query to dns2', () => {
    const packet = Packet.parse(Buffer.from(askMessage(question, OPTIONS)));
    expect(packet.header).toMatchObject({ qr: 0, opcode: 0, rd: 1, tc: 0, aa: 0, ra: 0 });
    expect(packet.questions).toEqual([{ name: 'a.Org', type: 28, class: 1 }]);
    expect(packet.additionals).toHaveLength(1);
  });

  it('is made anew each time, so that its id can be written', () => {
    expect(askMessage(question, OPTIONS)).not.toBe(askMessage(question, OPTIONS));
  });
});
