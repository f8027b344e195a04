import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../../src/plugins/template/go-template.ts';
import type { Fields } from '../../../src/plugins/template/go-template.ts';
import type { Value } from '../../../src/plugins/template/go-value.ts';

const SCOPE = {
  fields: new Map<string, Fields | undefined>([
    ['Name', undefined],
    ['Match', undefined],
    ['Group', undefined],
    ['Empty', undefined],
    [
      'Message',
      new Map([
        ['Id', undefined],
        ['Question', undefined],
      ]),
    ],
  ]),
  methods: new Map([
    ['Meta', { fewest: 1, most: 1, call: ([label]: readonly Value[]) => `<${JSON.stringify(label)}>` }],
  ]),
};

const DATA = new Map<string, Value>([
  ['Name', 'ip-10-2.test.'],
  ['Match', ['10-2', '10', '2']],
  [
    'Group',
    new Map([
      ['a', '10'],
      ['b', '2'],
      ['0', '10-2'],
    ]),
  ],
  ['Empty', ''],
  [
    'Message',
    new Map<string, Value>([
      ['Id', 4660n],
      ['Question', [new Map([['Name', 'IP.test.']])]],
    ]),
  ],
]);

const compile = (source: string): ReturnType<typeof compileTemplate> =>
  compileTemplate('answer', source, SCOPE);
const run = (source: string): string => compile(source).execute(DATA);

describe('texts and fields', () => {
  it.each([
    ['a text', 'a { b } c', 'a { b } c'],
    ['nothing', '', ''],
    ['a field', '{{ .Name }} 60', 'ip-10-2.test. 60'],
    ['a field without spaces', '{{.Name}}', 'ip-10-2.test.'],
    ['several actions', '{{ .Group.a }}.{{ .Group.b }}', '10.2'],
    ['an action over lines', '{{\n.Group.a\n}}', '10'],
    ['a field of a structure', '{{ .Message.Id }}', '4660'],
    ['a field of a parenthesis', '{{ (index .Message.Question 0).Name }}', 'IP.test.'],
    ['a list', '{{ .Match }}', '[10-2 10 2]'],
    ['a map', '{{ .Group }}', 'map[0:10-2 a:10 b:2]'],
    ['an entry that is not there, as Go prints it', '{{ .Group.nope }}', '<no value>'],
    ['a method', '{{ .Meta "x/y" }}', '<"x/y">'],
    ['a method behind a pipe', '{{ "x/y" | .Meta }}', '<"x/y">'],
    [
      'literals',
      '{{ "a\\tb\\"\\x41\\u0042\\103" }}{{ `c\\d}}` }}{{ 12 }}{{ -0x1f }}{{ 017 }}{{ true }}',
      'a\tb"ABCc\\d}}12-3115true',
    ],
  ])('prints %s', (_, source, text) => {
    expect(run(source)).toBe(text);
  });

  it('knows a template whose output never changes', () => {
    expect(compile('a {{- /* x */ -}} b').constant).toBe('ab');
    expect(compile('a').constant).toBe('a');
    expect(compile('{{ .Name }}').constant).toBeUndefined();
  });
});

describe('white space and comments', () => {
  it.each([
    ['stays without marks', 'a {{ .Group.a }} b', 'a 10 b'],
    ['in front goes with {{-', 'a \n {{- .Group.a }} b', 'a10 b'],
    ['behind goes with -}}', 'a {{ .Group.a -}} \n b', 'a 10b'],
    ['on both sides', 'a {{- .Group.a -}} b', 'a10b'],
    ['a dash without a space is a sign', 'a {{-3}}', 'a -3'],
    ['a comment is nothing', 'a{{/* {{ .Name }} */}}b', 'ab'],
    ['a comment with marks', 'a {{- /* x\ny */ -}} b', 'ab'],
  ])('%s', (_, source, text) => {
    expect(run(source)).toBe(text);
  });
});

describe('if', () => {
  it.each([
    ['a condition that holds', '{{ if .Name }}yes{{ end }}', 'yes'],
    ['one that does not', '{{ if .Empty }}yes{{ end }}', ''],
    ['else', '{{ if .Empty }}yes{{ else }}no{{ end }}', 'no'],
    ['else if', '{{ if .Empty }}1{{ else if eq .Group.a "10" }}2{{ else }}3{{ end }}', '2'],
    ['the last else', '{{ if .Empty }}1{{ else if .Empty }}2{{ else }}3{{ end }}', '3'],
    ['one inside another', '{{ if true }}a{{ if false }}b{{ else }}c{{ end }}d{{ end }}e', 'acde'],
    ['zero', '{{ if 0 }}yes{{ else }}no{{ end }}', 'no'],
    ['a missing entry', '{{ if .Group.nope }}yes{{ else }}no{{ end }}', 'no'],
    ['only the branch that is taken runs', '{{ if true }}a{{ else }}{{ index .Match 9 }}{{ end }}', 'a'],
  ])('%s', (_, source, text) => {
    expect(run(source)).toBe(text);
  });
});

describe('functions', () => {
  it.each([
    ['{{ index .Match 1 }}', '10'],
    ['{{ index .Group "b" }}', '2'],
    ['{{ index .Message.Question 0 "Name" }}', 'IP.test.'],
    ['{{ len .Match }} {{ len .Name }} {{ len .Group }}', '3 13 3'],
    ['{{ slice .Name 3 }} {{ slice .Name 0 2 }} {{ slice .Match 1 3 }}', '10-2.test. ip [10 2]'],
    ['{{ parseInt .Group.a 16 64 }}', '16'],
    ['{{ parseInt "ffffffffffffffff" 16 64 }}', '18446744073709551615'],
    ['{{ printf "%03d.%s" (parseInt .Group.b 10 8) .Group.a }}', '002.10'],
    ['{{ .Group.a | printf "%s-%s" .Group.b }}', '2-10'],
    ['{{ .Group.a | printf "%s" | printf "<%s>" }}', '<10>'],
    ['{{ print "a" 1 2 "b" true false }}', 'a1 2btrue false'],
    ['{{ println "a" 1 }}', 'a 1\n'],
    ['{{ print }}', ''],
    [
      '{{ eq .Group.a "10" }} {{ eq .Group.a "1" "10" }} {{ eq 1 2 }} {{ eq true true }}',
      'true true false true',
    ],
    [
      '{{ ne .Group.a "10" }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt "b" "a" }} {{ ge 1 2 }}',
      'false true true true false',
    ],
    ['{{ not .Empty }} {{ not 1 }}', 'true false'],
    ['{{ and .Name .Group.a }}|{{ and .Empty .Name }}', '10|'],
    ['{{ or .Empty .Group.a }}|{{ or .Empty 0 }}', '10|0'],
    ['{{ and (gt (len .Match) 5) (index .Match 5) }}', 'false'],
    ['{{ or true (index .Match 5) }}', 'true'],
  ])('%s', (source, text) => {
    expect(run(source)).toBe(text);
  });
});

describe('what fails when it runs', () => {
  it.each([
    ['{{ index .Match 3 }}', 'error calling index: index out of range: 3'],
    ['{{ index .Match -1 }}', 'error calling index: index out of range: -1'],
    ['{{ index .Name 0 }}', "error calling index: can't index item of type string"],
    ['{{ index .Match "a" }}', 'index wants an integer, found a value of type string'],
    ['{{ slice .Name 5 2 }}', 'error calling slice: invalid slice index: 5 > 2'],
    ['{{ slice .Name 99 }}', 'error calling slice: invalid slice index: 99 > 13'],
    ['{{ slice .Name 0 99 }}', 'error calling slice: index out of range: 99'],
    ['{{ len 1 }}', 'error calling len: len of type int'],
    ['{{ parseInt .Name 10 64 }}', 'strconv.ParseUint: parsing "ip-10-2.test.": invalid syntax'],
    ['{{ parseInt .Group.nope 10 64 }}', 'parseInt wants a string, found a value of type nil'],
    ['{{ eq .Name 1 }}', 'incompatible types for comparison: string and int'],
    ['{{ lt true false }}', 'incompatible types for comparison: bool and bool'],
    ['{{ printf .Name "x" }}', 'printf: 1 arguments too many'],
    ['{{ .Name.x }}', "can't evaluate field x in type string"],
  ])('%s', (source, message) => {
    const template = compile(source);
    expect(() => template.execute(DATA)).toThrow(new RangeError(message));
  });
});

describe('what is refused when it is read', () => {
  it.each([
    ['an action that does not end', '{{ .Name', 'template: answer:1: unclosed action'],
    ['on the second line', 'a\n{{ .Name', 'template: answer:2: unclosed action'],
    ['an empty action', '{{ }}', 'template: answer:1: missing value for command'],
    ['an empty pipe', '{{ .Name | }}', 'template: answer:1: missing value for command'],
    ['an open quote', '{{ "a }}', 'template: answer:1: unterminated quoted string'],
    ['an open comment', '{{/* a }}', 'template: answer:1: unclosed comment'],
    [
      'something behind a comment',
      '{{/* a */ .Name }}',
      'template: answer:1: comment ends before closing delimiter',
    ],
    ['an open parenthesis', '{{ (len .Name }}', 'template: answer:1: unclosed left paren'],
    ['a parenthesis too many', '{{ len .Name) }}', 'template: answer:1: unexpected ")" in command'],
    ['two operands without a space', '{{ len .Name"a" }}', 'template: answer:1: unexpected "a" in command'],
    ['an unknown field', '{{ .Nmae }}', 'template: answer:1: there is no field Nmae in .Nmae'],
    [
      'an unknown field inside',
      '{{ .Message.Rcode }}',
      'template: answer:1: there is no field Rcode in .Message.Rcode',
    ],
    ['an unknown function', '{{ html .Name }}', 'template: answer:1: function "html" not defined'],
    ['a variable', '{{ $x := .Name }}', 'template: answer:1: variables are not supported'],
    ['a loop', '{{ range .Match }}{{ end }}', 'template: answer:1: {{range}} is not supported'],
    ['a nested template', '{{ define "x" }}{{ end }}', 'template: answer:1: {{define}} is not supported'],
    ['with', '{{ with .Name }}{{ end }}', 'template: answer:1: {{with}} is not supported'],
    ['a fraction', '{{ 1.5 }}', 'template: answer:1: only whole numbers are supported'],
    ['a character', "{{ 'a' }}", 'template: answer:1: unexpected "\'" in action'],
    ['an escape that Go does not have', '{{ "\\q" }}', 'template: answer:1: the escape \\q is not supported'],
    [
      'an argument to a text',
      '{{ .Name "x" }}',
      "template: answer:1: can't give argument to non-function .Name",
    ],
    ['a pipe into a text', '{{ 1 | "x" }}', `template: answer:1: can't give argument to non-function "x"`],
    [
      'too few arguments',
      '{{ parseInt .Name }}',
      'template: answer:1: wrong number of args for parseInt: want 3 got 1',
    ],
    [
      'too many arguments',
      '{{ 1 | len .Name }}',
      'template: answer:1: wrong number of args for len: want 1 got 2',
    ],
    [
      'a function as an argument',
      '{{ print len }}',
      'template: answer:1: wrong number of args for len: want 1 got 0',
    ],
    [
      'a method without its argument',
      '{{ .Meta }}',
      'template: answer:1: wrong number of args for .Meta: want 1 got 0',
    ],
    [
      'a verb that is not supported',
      '{{ printf "%z" 1 }}',
      'template: answer:1: printf: "%z" is not supported',
    ],
    ['an if without a condition', '{{ if }}{{ end }}', 'template: answer:1: missing value for command'],
    ['an if without an end', '{{ if true }}a', 'template: answer:1: unexpected EOF'],
    ['an else without an end', '{{ if true }}a{{ else }}b', 'template: answer:1: unexpected EOF'],
    [
      'two elses',
      '{{ if true }}{{ else }}{{ else }}{{ end }}',
      'template: answer:1: expected end; found {{else}}',
    ],
    ['an end alone', 'a{{ end }}', 'template: answer:1: unexpected {{end}}'],
    ['an else alone', '{{ else }}', 'template: answer:1: unexpected {{else}}'],
    ['something behind end', '{{ if true }}{{ end .Name }}', 'template: answer:1: unexpected "Name" in end'],
  ])('%s', (_, source, message) => {
    expect(() => compile(source)).toThrow(new RangeError(message));
  });
});

it('reads a long template in time that grows with it', () => {
  const source = `${' '.repeat(50_000)}{{ .Group.a }}`.repeat(4);
  expect(run(source)).toBe(`${' '.repeat(50_000)}10`.repeat(4));
});
