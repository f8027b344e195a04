import { describe, expect, it } from 'vitest';
import { NXDOMAIN } from '../../../src/wire/registry.ts';
import { template } from '../../../src/plugins/template/setup.ts';
import { LastHandler, cursorOf, fakeContext, zonesOf } from '../../support/setup-context.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';

const load = (text: string): unknown =>
  template.setup(cursorOf(text), fakeContext({ zones: zonesOf('a.test.') }));

describe('a directive is accepted', () => {
  it.each([
    ['without a block', 'template ANY ANY'],
    ['with zones', 'template IN A b.test 10.0.0.0/8'],
    ['with an empty block', 'template IN A {\n}'],
    ['with an rcode only', 'template IN A {\n rcode NOERROR\n}'],
    ['with the old spelling of NOTIMP', 'template IN A {\n rcode NOTIMPL\n}'],
    [
      'with several patterns and records on a line',
      'template IN A {\n match a b\n answer "x A 192.0.2.1" "y A 192.0.2.1"\n}',
    ],
    ['with an extended error', 'template IN A {\n ederror 21\n}'],
    ['with an extended error and a text', 'template IN A {\n ederror 21 "not here"\n}'],
    ['with upstream, which does nothing', 'template IN A {\n upstream 192.0.2.1 /etc/resolv.conf\n}'],
    ['with fallthrough', 'template IN A {\n fallthrough b.test\n}'],
    ['of a type without a name', 'template IN TYPE65280'],
    ['more than once', 'template IN A\ntemplate IN AAAA {\n rcode REFUSED\n}'],
  ])('%s', (_, text) => {
    expect(load(text)).toBeTypeOf('function');
  });
});

describe('a directive is refused', () => {
  it.each([
    [
      'without a class',
      'template',
      "Corefile:1 - Error during parsing: Wrong argument count or unexpected line ending after 'template'",
    ],
    [
      'without a type',
      'template IN',
      "Corefile:1 - Error during parsing: Wrong argument count or unexpected line ending after 'IN'",
    ],
    ['with an unknown class', 'template in A', 'Corefile:1 - Error during parsing: invalid query class in'],
    ['with an unknown type', 'template IN a', 'Corefile:1 - Error during parsing: invalid RR class a'],
    [
      'with a zone that is none',
      'template IN A a..b',
      "Corefile:1 - Error during parsing: unable to normalize 'a..b'",
    ],
    [
      'with match alone',
      'template IN A {\n match\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'match'",
    ],
    [
      'with a broken pattern',
      'template IN A {\n match "(a"\n}',
      'Corefile:2 - Error during parsing: could not parse regex: (a, error parsing regexp: missing closing ): `(a`',
    ],
    [
      'with a pattern that is too long',
      `template IN A {\n match ${'a'.repeat(10_001)}\n}`,
      'Corefile:2 - Error during parsing: regex pattern too long: 10001 > 10000',
    ],
    [
      'with answer alone',
      'template IN A {\n answer\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'answer'",
    ],
    [
      'with a broken template',
      'template IN A {\n authority "{{ .Name"\n}',
      'Corefile:2 - Error during parsing: could not compile template: {{ .Name, template: authority:1: unclosed action',
    ],
    [
      'with a template beyond the subset',
      'template IN A {\n answer "{{ range .Match }}{{ end }}"\n}',
      'Corefile:2 - Error during parsing: could not compile template: {{ range .Match }}{{ end }}, template: answer:1: {{range}} is not supported',
    ],
    [
      'with a fixed text that is no record',
      'template IN A {\n additional "a.test 60 IN A 192.0.2"\n}',
      'Corefile:2 - Error during parsing: could not compile template: a.test 60 IN A 192.0.2, A: expected an IPv4 address, found "192.0.2"',
    ],
    [
      'with rcode alone',
      'template IN A {\n rcode\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'rcode'",
    ],
    [
      'with an unknown rcode',
      'template IN A {\n rcode nxdomain\n}',
      'Corefile:2 - Error during parsing: unknown rcode nxdomain',
    ],
    [
      'with an extended error that is no number',
      'template IN A {\n ederror blocked\n}',
      'Corefile:2 - Error during parsing: error parsing extended DNS error code blocked, strconv.ParseUint: parsing "blocked": invalid syntax',
    ],
    [
      'with an extended error that is too large',
      'template IN A {\n ederror 65536\n}',
      'Corefile:2 - Error during parsing: error parsing extended DNS error code 65536, strconv.ParseUint: parsing "65536": value out of range',
    ],
    [
      'with ederror alone',
      'template IN A {\n ederror\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'ederror'",
    ],
    [
      'with two texts of an extended error',
      'template IN A {\n ederror 1 a b\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'",
    ],
    [
      'with a zone to fall through that is none',
      'template IN A {\n fallthrough a..b\n}',
      "Corefile:2 - Error during parsing: unable to normalize 'a..b'",
    ],
    [
      'with var',
      'template IN A {\n var x 1\n}',
      'Corefile:2 - Error during parsing: the option var is not supported',
    ],
    [
      'with expr',
      'template IN A {\n expr x\n}',
      'Corefile:2 - Error during parsing: the option expr is not supported',
    ],
    [
      'with an unknown option',
      'template IN A {\n anwser x\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'anwser'",
    ],
    [
      'when the second one is wrong',
      'template IN A\ntemplate XX A',
      'Corefile:2 - Error during parsing: invalid query class XX',
    ],
  ])('%s', (_, text, message) => {
    expect(() => load(text)).toThrow(expect.objectContaining({ name: 'CorefileError', message }));
  });
});

it('takes the zones of the server block when the directive names none', async () => {
  const next = new LastHandler();
  const make = template.setup(
    cursorOf('template IN A {\n rcode NXDOMAIN\n}'),
    fakeContext({ zones: zonesOf('a.test.', 'b.test.') }),
  );
  const handler = make?.(next);
  expect(decodeOutcome(await handler!.ask(makeQuery('x.b.test', 'A'))).rcode).toBe(NXDOMAIN);
  expect(await handler!.ask(makeQuery('x.c.test', 'A'))).toBe(next.outcome);
});
