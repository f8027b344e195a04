/** Whatever an answer is made of, and however it is compressed: arranged it has the same records, each whole, and aliases in front. */
import { array, assert, boolean, constantFrom, integer, oneof, property, tuple } from 'fast-check';
import { expect, it } from 'vitest';
import { Reply } from '../../../src/chain/outcome.ts';
import type { Pending } from '../../../src/chain/outcome.ts';
import { loadbalance } from '../../../src/plugins/loadbalance/setup.ts';
import { rebuildMessage } from '../../../src/wire/builder.ts';
import { decode, makeQuery } from '../../support/query.ts';
import type { DecodedReply } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';

const name = constantFrom('@', 'a.example.org.', 'b.a.example.org.', 'elsewhere.test.', 'A.elsewhere.TEST.');
const octet = integer({ min: 1, max: 5 });
const rdata = oneof(
  { weight: 4, arbitrary: octet.map((last) => `A 192.0.2.${last}`) },
  { weight: 3, arbitrary: octet.map((last) => `AAAA 2001:db8::${last}`) },
  name.map((target) => `MX 10 ${target === '@' ? 'example.org.' : target}`),
  name.map((target) => `CNAME ${target === '@' ? 'example.org.' : target}`),
  name.map((target) => `SRV 1 2 3 ${target === '@' ? 'example.org.' : target}`),
  octet.map((text) => `TXT "${text}"`),
);
const record = tuple(name, integer({ min: 0, max: 9 }), rdata).map(
  ([owner, ttl, text]) => `${owner} ${ttl} IN ${text}`,
);
const section = array(record, { maxLength: 8 });

const sorted = ({ answer, authority, additional }: DecodedReply): string[][] =>
  [answer, authority, additional].map((lines) => lines.toSorted());

const typeOf = (line: string): string => line.split(' ')[3];

it.each(['loadbalance', 'loadbalance {\n prefer 192.0.2.4/30 2001:db8::1/128\n}'])('%j', (corefile) => {
  const make = loadbalance.setup(cursorOf(corefile), fakeContext());
  if (make === undefined) throw new Error('loadbalance has a handler');
  assert(
    property(section, section, section, boolean(), (answers, authority, additional, isCompressed) => {
      const query = makeQuery('example.org', 'A');
      const plain = replyTo(query, { answers, authority, additional });
      const given = isCompressed ? new Reply(rebuildMessage(plain.message, plain.length), 'test') : plain;
      const before = Uint8Array.from(given.message);
      const outcome: Pending = make({ name: 'test', ask: () => given }).ask(query);
      if (!(outcome instanceof Reply)) throw new Error('no reply');
      const arranged = decode(outcome.kept());
      expect(sorted(arranged)).toEqual(sorted(decode(given)));
      expect(given.message).toEqual(before);
      const types = arranged.answer.map(typeOf);
      const firstAddress = types.findIndex((type) => type === 'A' || type === 'AAAA');
      if (firstAddress !== -1) expect(types.slice(firstAddress)).not.toContain('CNAME');
    }),
    { numRuns: 400 },
  );
});
