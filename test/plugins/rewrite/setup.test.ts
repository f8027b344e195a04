import { describe, expect, it } from 'vitest';
import { rewrite } from '../../../src/plugins/rewrite/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';

const load = (text: string): unknown => rewrite.setup(cursorOf(text), fakeContext());

describe('a rule is accepted', () => {
  it.each([
    ['name with two names', 'rewrite name a.test b.test'],
    ['name exact', 'rewrite name exact a.test b.test'],
    ['name prefix', 'rewrite name prefix a b'],
    ['name suffix', 'rewrite name suffix .a.test .b.test'],
    ['name substring', 'rewrite name substring a b'],
    ['name regex', 'rewrite name regex (.*)-(us)\\.a\\.test {1}.service.{2}.b.test'],
    ['a kind in capitals', 'rewrite NAME Regex a b'],
    ['answer auto', 'rewrite name suffix .a.test .b.test answer auto'],
    ['answer name', 'rewrite name regex a(.*) b{1} answer name b(.*) a{1}'],
    ['answer value', 'rewrite name regex a(.*) b{1} answer value b(.*) a{1}'],
    ['several answers', 'rewrite name regex a b answer name b a answer value b a'],
    ['several answers behind one word', 'rewrite name regex a b answer name b a value b a'],
    ['answer auto beside values', 'rewrite name regex a b answer auto answer value b a'],
    ['an exact name with answers', 'rewrite name exact a.test b.test answer value b a'],
    ['continue', 'rewrite continue name a.test b.test'],
    ['stop', 'rewrite stop name a.test b.test'],
    ['Stop', 'rewrite Stop name a.test b.test'],
    ['a block behind a mode', 'rewrite stop {\n name regex a b\n answer name b a\n}'],
    ['a block of its own', 'rewrite {\n name a.test b.test\n}'],
    ['class', 'rewrite class CH IN'],
    ['type', 'rewrite type any hinfo'],
    ['type by number', 'rewrite type TYPE65280 A'],
    ['ttl with a name', 'rewrite ttl a.test 30'],
    ['ttl exact', 'rewrite ttl exact a.test 30'],
    ['ttl prefix', 'rewrite ttl prefix a 30-60'],
    ['ttl suffix', 'rewrite ttl suffix a.test 30-'],
    ['ttl substring', 'rewrite ttl substring a -60'],
    ['ttl regex', 'rewrite continue {\n ttl regex (.*)\\.a\\.test 15\n}'],
    ['rcode with a name', 'rewrite rcode a.test SERVFAIL NXDOMAIN'],
    ['rcode regex', 'rewrite rcode regex .* 2 notimpl'],
    ['cname', 'rewrite cname a.test b.test'],
    ['cname suffix', 'rewrite continue cname suffix a.test. b.test.'],
    ['edns0 local', 'rewrite edns0 local set 0xffee 0x61626364'],
    ['edns0 local with text', 'rewrite edns0 LOCAL append 65518 abcd'],
    ['edns0 local with a variable', 'rewrite edns0 local replace 0xffee {client_ip}'],
    ['edns0 local with a label', 'rewrite edns0 local set 0xffee {forward/upstream}'],
    ['edns0 local with revert', 'rewrite edns0 local set 0xffee abcd revert'],
    ['edns0 local unset', 'rewrite edns0 local unset 0xffee'],
    ['edns0 nsid', 'rewrite edns0 nsid set'],
    ['edns0 nsid with revert', 'rewrite edns0 nsid set revert'],
    ['edns0 nsid unset', 'rewrite edns0 nsid unset'],
    ['edns0 subnet', 'rewrite edns0 subnet set 24 56'],
    ['edns0 subnet with revert', 'rewrite edns0 subnet append 24 56 revert'],
    ['edns0 subnet unset', 'rewrite edns0 subnet unset'],
    ['several rules', 'rewrite name a.test b.test\nrewrite type A AAAA'],
  ])('%s', (_, text) => {
    expect(load(text)).toBeTypeOf('function');
  });
});

const LONG = 'a'.repeat(10_001);
const ONLY = 'supports only exact, prefix, suffix, substring, and regex name matching';

describe('a rule is refused', () => {
  it.each([
    ['without anything', 'rewrite', 'no rule type specified for rewrite'],
    ['with an empty block', 'rewrite {\n}', 'no rule type specified for rewrite'],
    ['of continue alone', 'rewrite continue', 'continue rule must begin with a rule type'],
    ['of stop alone', 'rewrite stop {\n}', 'stop rule must begin with a rule type'],
    ['of an answer', 'rewrite answer name a b', 'response rewrites must begin with a name rule'],
    ['of an unknown field', 'rewrite Colour red green', 'invalid rule type "Colour"'],
    ['of an unknown field behind a mode', 'rewrite stop colour red green', 'invalid rule type "colour"'],
    ['class with one argument', 'rewrite class IN', 'class rules must have exactly two arguments'],
    ['class with three', 'rewrite class IN CH HS', 'class rules must have exactly two arguments'],
    ['of an unknown class', 'rewrite class xy IN', 'invalid class "XY"'],
    ['type with one argument', 'rewrite type A', 'type rules must have exactly two arguments'],
    ['of an unknown type', 'rewrite type A xy', 'invalid type "XY"'],
    ['name with one argument', 'rewrite name a.test', 'too few arguments for a name rule'],
    ['name of an unknown kind', 'rewrite name Fuzzy a b', `name rule ${ONLY}, received: fuzzy`],
    ['name with a broken pattern', 'rewrite name regex (a b', 'invalid regex matching pattern: (a'],
    ['name with a pattern too long', `rewrite name regex ${LONG} b`, 'regex pattern too long: 10001 > 10000'],
    [
      'name with more groups used than there are',
      'rewrite name regex (a)b {1}{2}',
      'the rewrite regex pattern ({1}{2}) uses more subexpressions than its corresponding matching regex pattern ((a)b)',
    ],
    ['an exact name that is none', 'rewrite name a..test b.test', 'empty label in name "a..test."'],
    ['name with a word too many', 'rewrite name exact a b c', 'invalid arguments for exact rule'],
    [
      'name with words too many',
      'rewrite name regex a b c d',
      'exceeded the number of arguments for a non-answer rule argument for regex rule',
    ],
    [
      'answer alone',
      'rewrite name regex a b answer auto answer',
      'type missing for answer rule for regex rule',
    ],
    [
      'answer name with one argument',
      'rewrite name regex a b answer name b',
      'name answer rule for regex rule: 2 arguments required',
    ],
    [
      'answer value with one argument',
      'rewrite name regex a b answer value b',
      'value answer rule for regex rule: 2 arguments required',
    ],
    [
      'answer of an unknown type',
      'rewrite name regex a b answer owner b a',
      'invalid type "owner" for answer rule for regex rule',
    ],
    [
      'answer with a broken pattern',
      'rewrite name regex a b answer name (b a',
      'name answer rule for regex rule: invalid regex matching pattern: (b',
    ],
    [
      'answer auto beside names',
      'rewrite name regex a b answer auto answer name b a',
      'auto name answer rule cannot be combined with explicit name anwer rules',
    ],
    ['ttl with one argument', 'rewrite ttl a.test', 'too few (1) arguments for a ttl rule'],
    ['ttl with a word for a number', 'rewrite ttl a.test soon', "invalid TTL 'soon' for a ttl rule"],
    ['ttl with a dash alone', 'rewrite ttl a.test -', "invalid TTL '-' for a ttl rule"],
    ['ttl with a range backwards', 'rewrite ttl a.test 60-30', "invalid TTL '60-30' for a ttl rule"],
    ['ttl over 32 bits', 'rewrite ttl a.test 4294967296', "invalid TTL '4294967296' for a ttl rule"],
    ['ttl with two dashes', 'rewrite ttl a.test 1-2-3', "invalid TTL '1-2-3' for a ttl rule"],
    ['ttl of an unknown kind', 'rewrite ttl fuzzy a 30', `ttl rule ${ONLY}`],
    ['ttl with words too many', 'rewrite ttl exact a 30 40', 'many few arguments for a ttl rule'],
    ['ttl with a broken pattern', 'rewrite ttl regex (a 30', 'invalid regex pattern in a ttl rule: (a'],
    ['rcode with two arguments', 'rewrite rcode a.test SERVFAIL', 'too few (2) arguments for a rcode rule'],
    [
      'rcode from an unknown one',
      'rewrite rcode a.test NOPE NOERROR',
      "invalid matching RCODE 'NOPE' for a rcode rule",
    ],
    [
      'rcode to an unknown one',
      'rewrite rcode a.test NOERROR 24',
      "invalid replacement RCODE '24' for a rcode rule",
    ],
    ['rcode of an unknown kind', 'rewrite rcode fuzzy a NOERROR NXDOMAIN', `rcode rule ${ONLY}`],
    ['rcode with words too many', 'rewrite rcode exact a 0 1 2', 'many few arguments for a rcode rule'],
    [
      'rcode with a broken pattern',
      'rewrite rcode regex (a NOERROR NXDOMAIN',
      'invalid regex pattern in a rcode rule: (a',
    ],
    ['cname with one argument', 'rewrite cname a.test', 'too few (1) arguments for a cname rule'],
    ['cname with four', 'rewrite cname exact a b c', 'too few (4) arguments for a cname rule'],
    ['cname of an unknown kind', 'rewrite cname fuzzy a b', 'unknown cname rewrite type: fuzzy'],
    ['cname with a broken pattern', 'rewrite cname regex (a b', 'invalid regex matching pattern: (a'],
    ['edns0 with one argument', 'rewrite edns0 local', 'too few arguments for an EDNS0 rule'],
    ['edns0 with an unknown action', 'rewrite edns0 local Drop 1 a', 'invalid action: "drop"'],
    ['edns0 of an unknown type', 'rewrite edns0 padding set', 'invalid rule type "padding"'],
    ['edns0 local without data', 'rewrite edns0 local set 1', 'EDNS0 local rules require three or four args'],
    [
      'edns0 local with another word than revert',
      'rewrite edns0 local set 1 a again',
      'EDNS0 local rules require three or four args',
    ],
    [
      'edns0 local with a code that is none',
      'rewrite edns0 local set x a',
      'strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      'edns0 local with a code too large',
      'rewrite edns0 local set 65536 a',
      'strconv.ParseUint: parsing "65536": value out of range',
    ],
    ['edns0 local with odd digits', 'rewrite edns0 local set 1 0x123', 'encoding/hex: odd length hex string'],
    [
      'edns0 local with other digits',
      'rewrite edns0 local set 1 0x1g',
      "encoding/hex: invalid byte: U+0067 'g'",
    ],
    [
      'edns0 local with an unknown variable',
      'rewrite edns0 local set 1 {colour}',
      'unsupported variable name "{colour}"',
    ],
    [
      'edns0 local unset without a code',
      'rewrite edns0 local unset',
      'local unset action requires exactly two arguments',
    ],
    [
      'edns0 nsid with data',
      'rewrite edns0 nsid set abc',
      'EDNS0 NSID rules can accept no more than one arg',
    ],
    [
      'edns0 nsid unset with data',
      'rewrite edns0 nsid unset abc',
      'nsid unset action requires exactly one argument',
    ],
    [
      'edns0 subnet with one length',
      'rewrite edns0 subnet set 24',
      'EDNS0 subnet rules require three or four args',
    ],
    ['edns0 subnet with IPv4 too long', 'rewrite edns0 subnet set 33 56', 'invalid IPv4 bit mask length 33'],
    [
      'edns0 subnet with IPv6 too long',
      'rewrite edns0 subnet set 24 129',
      'invalid IPv6 bit mask length 129',
    ],
    [
      'edns0 subnet unset with lengths',
      'rewrite edns0 subnet unset 24 56',
      'subnet unset action requires exactly one argument',
    ],
  ])('%s', (_, text, message) => {
    expect(() => load(text)).toThrow(
      new RegExp(`^Corefile:\\d - Error during parsing: ${escaped(message)}$`),
    );
  });

  it('at its own line', () => {
    expect(() => load('rewrite type A AAAA\nrewrite type A')).toThrow(/^Corefile:2 /);
  });
});

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
