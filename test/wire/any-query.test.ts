/** Every query that can be asked, read by us and by dns2. */
import * as fc from 'fast-check';
import { Packet } from 'dns2';
import { expect, it } from 'vitest';
import { askMessage } from '../../src/wire/ask-message.ts';
import { AD, CD, RD, writeId } from '../../src/wire/header.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { TYPE_OPT } from '../../src/wire/registry.ts';
import { SCREEN_READ, screenHeader } from '../../src/wire/screen.ts';
import { arbitraryName } from './arbitrary-name.ts';
import { hex, message, octets, question, record, uint16 } from './raw-message.ts';

const uint16s = fc.integer({ min: 0, max: 0xffff });
const option = fc
  .tuple(uint16s, fc.uint8Array({ maxLength: 40 }))
  .map(([code, data]): Uint8Array => octets(uint16(code), uint16(data.length), data));
const opt = fc.record({
  size: uint16s,
  dnssecOk: fc.boolean(),
  options: fc.array(option, { maxLength: 5 }),
});

/** dns2 keeps neither the octets of a name nor where its labels end. */
function dottedName(name: Uint8Array): string {
  const labels: string[] = [];
  for (let at = 0; name[at] > 0; at += name[at] + 1) {
    labels.push(Buffer.from(name.subarray(at + 1, at + 1 + name[at])).toString('latin1'));
  }
  return labels.join('.');
}

it('a query is to us what it is to dns2', () => {
  const asked = fc.record({
    id: uint16s,
    flags: fc.constantFrom(0, RD, RD | AD, RD | CD, RD | AD | CD),
    name: arbitraryName,
    type: uint16s,
    class: uint16s,
    opt: fc.option(opt, { nil: undefined }),
  });
  fc.assert(
    fc.property(asked, ({ id, flags, name, type, class: klass, opt: edns }) => {
      const additional =
        edns === undefined
          ? []
          : [
              record({
                owner: '.',
                type: TYPE_OPT,
                class: edns.size,
                ttl: edns.dnssecOk ? 0x8000 : 0,
                rdata: octets(...edns.options),
              }),
            ];
      const bytes = message({ id, flags, question: question(name, type, klass), additional });
      const query = new QueryMessage();
      expect(screenHeader(bytes, bytes.length)).toBe(SCREEN_READ);
      expect(query.read(bytes, bytes.length)).toBe(true);
      const packet = Packet.parse(Buffer.from(bytes));
      expect(packet.header.id).toBe(query.id);
      expect(packet.header.rd === 1).toBe(query.recursionDesired);
      expect(packet.questions).toEqual([{ name: dottedName(name), type: query.type, class: query.class }]);
      expect(hex(bytes.subarray(12, 12 + query.nameLength))).toBe(hex(name));
      expect(query.hasOpt).toBe(edns !== undefined);
      expect(query.udpSize).toBe(Math.max(512, edns?.size ?? 0));
      expect(query.dnssecOk).toBe(edns?.dnssecOk ?? false);
    }),
    { seed: 1, numRuns: 400 },
  );
});

it('a query of ours is read as it was meant', () => {
  const asked = fc.record({
    id: uint16s,
    name: arbitraryName,
    type: uint16s,
    class: uint16s,
    recursionDesired: fc.boolean(),
    checkingDisabled: fc.boolean(),
    dnssecOk: fc.boolean(),
    edns: fc.boolean(),
  });
  fc.assert(
    fc.property(asked, ({ id, ...rest }) => {
      const bytes = askMessage(rest, rest);
      writeId(bytes, id);
      const query = new QueryMessage();
      expect(screenHeader(bytes, bytes.length)).toBe(SCREEN_READ);
      expect(query.read(bytes, bytes.length)).toBe(true);
      expect(query).toMatchObject({
        id,
        type: rest.type,
        class: rest.class,
        recursionDesired: rest.recursionDesired,
        checkingDisabled: rest.checkingDisabled,
        hasOpt: rest.edns,
        dnssecOk: rest.edns && rest.dnssecOk,
        wantsAuthenticData: true,
      });
      expect(hex(bytes.subarray(12, 12 + query.nameLength))).toBe(hex(rest.name));
    }),
    { seed: 2, numRuns: 300 },
  );
});
