import { describe, expect, it } from 'vitest';
import { Query } from '../../src/chain/query.ts';
import { AD, CD, RA, RD } from '../../src/wire/header.ts';
import { rawQuery } from '../support/raw-message.ts';
import type { RawQuery } from '../support/raw-message.ts';

function read(fields: RawQuery, query = new Query()): Query {
  const message = rawQuery(fields);
  if (!query.read(message, message.length)) throw new Error('cannot read the query');
  return query;
}

const keyOf = (fields: Partial<RawQuery>): string => read({ name: 'www.example.org.', ...fields }).key;

describe('the key of a query', () => {
  it.each<{ what: string; fields: Partial<RawQuery> }>([
    { what: 'the case of its name', fields: { name: 'WwW.eXaMpLe.OrG.' } },
    { what: 'its id', fields: { id: 1 } },
    { what: 'RD', fields: { flags: 0 } },
    { what: 'AD', fields: { flags: RD | AD } },
    { what: 'flags that mean nothing', fields: { flags: RD | RA | 0x40 } },
    { what: 'EDNS', fields: { edns: {} } },
    { what: 'its EDNS size', fields: { edns: { udpSize: 4096 } } },
    {
      what: 'a client subnet',
      fields: { edns: { options: [[8, Buffer.from('00011800c00002', 'hex')]] } },
    },
    { what: 'a cookie', fields: { edns: { options: [[10, Buffer.from('0123456789abcdef', 'hex')]] } } },
  ])('is the same whatever $what', ({ fields }) => {
    expect(keyOf(fields)).toBe(keyOf({}));
  });

  it.each<{ what: string; fields: Partial<RawQuery> }>([
    { what: 'name', fields: { name: 'ww.example.org.' } },
    { what: 'type', fields: { type: 'AAAA' } },
    { what: 'type whose lower octet is the same', fields: { type: 'TYPE257' } },
    { what: 'class', fields: { class: 'CH' } },
    { what: 'DO', fields: { edns: { dnssecOk: true } } },
    { what: 'CD', fields: { flags: RD | CD } },
    { what: 'DO and CD', fields: { flags: RD | CD, edns: { dnssecOk: true } } },
  ])('differs by $what', ({ fields }) => {
    const keys = new Set([keyOf({}), keyOf(fields), keyOf({ flags: RD | CD, class: 'HS' })]);
    expect(keys.size).toBe(3);
  });

  it('folds ASCII letters only', () => {
    expect(keyOf({ name: String.raw`\195\132.example.org.` })).not.toBe(
      keyOf({ name: String.raw`\195\164.example.org.` }),
    );
    // `[` and `{`, `@` and a grave accent are as far apart as a capital and its small letter.
    expect(keyOf({ name: '[.example.org.' })).not.toBe(keyOf({ name: '{.example.org.' }));
  });

  it('is that of the message read last', () => {
    const query = read({ name: 'a.example.' });
    const first = query.key;
    read({ name: 'b.example.' }, query);
    expect(query.key).not.toBe(first);
    expect(query.key).toBe(read({ name: 'b.example.' }).key);
  });
});

describe('a query', () => {
  it('has its name folded, as it was asked, and as text', () => {
    const query = read({ name: 'WwW.example.' });
    expect(Buffer.from(query.foldedName).toString('latin1', 0, query.nameLength)).toBe(
      '\u0003www\u0007example\0',
    );
    expect(Buffer.from(query.nameAsAsked).toString('latin1')).toBe('\u0003WwW\u0007example\0');
    expect(query.nameText).toBe('www.example.');
  });

  it.each([
    { name: 'short', options: 0 },
    { name: 'with options without end', options: 1000 },
  ])('keeps its octets when it is detached from the buffer that they came in: $name', ({ options }) => {
    const edns = options === 0 ? {} : { edns: { options: [[12, Buffer.alloc(options)] as const] } };
    const message = rawQuery({ name: 'www.example.', ...edns });
    const buffer = Buffer.concat([message, Buffer.from('an older message, longer')]);
    const query = new Query();
    query.read(buffer, message.length);
    query.detach();
    buffer.fill(0xff);
    expect(Buffer.from(query.message.subarray(0, query.length))).toEqual(message);
    expect(Buffer.from(query.nameAsAsked).toString('latin1')).toBe('\u0003www\u0007example\0');
  });

  it.each([
    ['192.0.2.1', false],
    ['2001:db8::1', true],
  ])('knows the family of its client: %s', (address, isIpv6) => {
    const query = read({ name: 'example.' });
    query.clientAddress = address;
    expect(query).toMatchObject({ clientAddress: address, clientIsIpv6: isIpv6 });
  });
});
