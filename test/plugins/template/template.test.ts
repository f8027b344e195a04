import { describe, expect, it } from 'vitest';
import { Failure, REPLY, Reply } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { nameFromText, nameToText } from '../../../src/wire/name.ts';
import { NOERROR, NXDOMAIN, SERVFAIL } from '../../../src/wire/registry.ts';
import { fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { decode, decodeOutcome, makeQuery } from '../../support/query.ts';
import { setUp } from './set-up-template.ts';

describe('which queries a template answers', () => {
  const oneType = 'template IN A a.test {\n answer "{{ .Name }} 60 IN A 192.0.2.1"\n}';

  it('answers for its zone, class and type, with authority and without waiting', () => {
    const { handler, next } = setUp(oneType);
    const outcome = handler.ask(makeQuery('X.A.Test', 'A'));
    expect(outcome).toBeInstanceOf(Reply);
    expect(decodeOutcome(outcome as Outcome)).toEqual({
      rcode: NOERROR,
      authoritative: true,
      question: 'x.a.test. IN A',
      answer: ['x.a.test. 60 IN A 192.0.2.1'],
      authority: [],
      additional: [],
    });
    expect((outcome as Reply).source).toBe('template');
    expect(next.asked).toBe(0);
  });

  it.each([
    ['another zone', 'a.example', 'A', {}],
    ['another type', 'x.a.test', 'AAAA', {}],
    ['another class', 'x.a.test', 'A', { class: 'CH' }],
  ])('leaves %s to the next plugin', async (_, name, type, overrides) => {
    const { ask, next } = setUp(oneType);
    expect(await ask(name, type, overrides)).toBe(next.outcome);
  });

  it('answers any type and class with ANY, and gives the query its own', async () => {
    const { answer } = setUp(
      'template ANY ANY a.test {\n answer "{{ .Name }} 60 {{ .Class }} {{ .Type }} \\# 0"\n}',
    );
    expect((await answer('a.test', 'TYPE65280', { class: 'CH' })).answer).toEqual([
      'a.test. 60 CH TYPE65280',
    ]);
  });

  it('answers a query for ANY as one for its own type and class', async () => {
    const { answer } = setUp(
      'template IN TXT a.test {\n answer "{{ .Name }} 60 {{ .Class }} {{ .Type }} x"\n}',
    );
    expect((await answer('a.test', 'ANY', { class: 'ANY' })).answer).toEqual(['a.test. 60 IN TXT "x"']);
  });

  it('sees the longest of its zones', async () => {
    const { answer } = setUp('template IN TXT test a.test {\n answer "{{ .Name }} TXT {{ .Zone }}"\n}');
    expect((await answer('x.a.test', 'TXT')).answer).toEqual(['x.a.test. 3600 IN TXT "a.test."']);
    expect((await answer('x.b.test', 'TXT')).answer).toEqual(['x.b.test. 3600 IN TXT "test."']);
  });

  it('is tried in the order of the Corefile', async () => {
    const { answer } = setUp(
      'template IN AAAA a.test {\n rcode REFUSED\n}\ntemplate IN A a.test {\n rcode NXDOMAIN\n}\ntemplate ANY ANY {\n}',
    );
    expect((await answer('a.test', 'A')).rcode).toBe(NXDOMAIN);
    expect((await answer('b.test', 'A')).rcode).toBe(NOERROR);
  });
});

describe('patterns', () => {
  const byName =
    'template IN A a.test {\n match ^x[.] "^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)[.]"\n answer "{{ .Name }} 60 IN A 10.0.{{ .Group.a }}.{{ index .Match 2 }}"';

  it('give the groups of the first that matches', async () => {
    const { answer } = setUp(`${byName}\n}`);
    expect((await answer('IP-1-2.A.test', 'A')).answer).toEqual(['ip-1-2.a.test. 60 IN A 10.0.1.2']);
  });

  it('that do not match end the query with SERVFAIL', async () => {
    const { ask, next } = setUp(`${byName}\n}`);
    const outcome = await ask('other.a.test', 'A');
    expect(outcome).toMatchObject({ rcode: SERVFAIL, source: 'template', extendedError: { code: 0 } });
    expect(outcome).toBeInstanceOf(Failure);
    expect(next.asked).toBe(0);
  });

  it('that do not match go on to the next template and plugin with fallthrough', async () => {
    const { ask, answer, next } = setUp(
      `${byName}\n fallthrough\n}\ntemplate IN A b.a.test {\n rcode NXDOMAIN\n}`,
    );
    expect((await answer('b.a.test', 'A')).rcode).toBe(NXDOMAIN);
    expect(await ask('other.a.test', 'A')).toBe(next.outcome);
  });

  it('fall through for the zones of fallthrough only', async () => {
    const { ask, next } = setUp(`${byName}\n fallthrough b.a.test\n}`);
    expect(await ask('b.a.test', 'A')).toBe(next.outcome);
    expect(await ask('c.a.test', 'A')).toMatchObject({ rcode: SERVFAIL });
  });

  it('match every name when there are none', async () => {
    const { answer } = setUp(
      'template IN TXT . {\n answer "{{ .Name }} TXT {{ len .Match }} {{ index .Group `0` }}"\n}',
    );
    expect((await answer('a.test', 'TXT')).answer).toEqual(['a.test. 3600 IN TXT "1" "a.test."']);
    expect((await answer('.', 'TXT')).answer).toEqual(['. 3600 IN TXT "1" "."']);
  });

  it('see a name with its escapes', async () => {
    const { answer } = setUp(
      'template IN TXT . {\n match "^a\\\\[.]b[.]"\n answer "{{ .Name }} TXT {{ .Zone }}"\n}',
    );
    expect((await answer('a\\.b.test', 'TXT')).answer).toEqual(['a\\.b.test. 3600 IN TXT "."']);
  });
});

describe('names from the network', () => {
  it.each([
    ['a space', 'a\\032b.test', 'a b.test.'],
    ['a quote', 'a\\"b.test', 'a"b.test.'],
    ['a comment and a line', 'a\\;b\\010c.test', 'a;b\nc.test.'],
    ['parentheses', 'a\\(b.test', 'a(b.test.'],
    ['a backslash at the end of a label', 'a\\\\.test', 'a\\.test.'],
    ['an octet beyond ASCII', 'a\\255.test', 'a\u00ff.test.'],
  ])('with %s stay one owner and one text', async (_, name, text) => {
    const { answer } = setUp(
      'template IN TXT . {\n answer "{{ .Name }} 60 IN TXT {{ .Name }} \\"{{ .Name }}\\""\n}',
    );
    const owner = nameToText(nameFromText(name));
    expect((await answer(name, 'TXT')).answer).toEqual([
      `${owner} 60 IN TXT ${JSON.stringify(text)} ${JSON.stringify(text)}`,
    ]);
  });
});

describe('what a template sees', () => {
  it.each<[string, string, string]>([
    ['the client', '{{ .Remote }}', '192.0.2.53'],
    ['the id', '{{ .Message.Id }}', '4660'],
    ['flags', '{{ .Message.RecursionDesired }}-{{ .Message.CheckingDisabled }}', 'true-false'],
    ['the name as it was asked', '{{ .Question.Name }}', 'A.Test.'],
    ['the type and class as numbers', '{{ .Question.Qtype }}-{{ .Question.Qclass }}', '16-1'],
    ['the question by way of the message', '{{ (index .Message.Question 0).Name }}', 'A.Test.'],
    ['metadata, of which there is none', 'x{{ .Meta `a/b` }}', 'x'],
  ])('%s', async (_, source, text) => {
    const { answer } = setUp(`template IN TXT . {\n answer "{{ .Name }} TXT ${source}"\n}`);
    expect((await answer('A.Test', 'TXT')).answer).toEqual([`a.test. 3600 IN TXT "${text}"`]);
  });
});

describe('the reply', () => {
  it('has its records in the order of the sections, whatever that of the options', async () => {
    const { answer } = setUp(
      `template IN MX . {
        additional "mx.test 60 IN A 192.0.2.1"
        authority "test 60 IN NS ns1.test" "test 60 IN NS ns2.test"
        answer "{{ .Name }} 60 IN MX 10 mx.test"
        answer "{{ .Name }} 60 IN MX 20 mx.test"
      }`,
    );
    expect(await answer('test', 'MX')).toEqual({
      rcode: NOERROR,
      authoritative: true,
      question: 'test. IN MX',
      answer: ['test. 60 IN MX 10 mx.test.', 'test. 60 IN MX 20 mx.test.'],
      authority: ['test. 60 IN NS ns1.test.', 'test. 60 IN NS ns2.test.'],
      additional: ['mx.test. 60 IN A 192.0.2.1'],
    });
  });

  it('has no record for a template that gives none', async () => {
    const { answer } = setUp(
      'template IN A . {\n match ^(x?)\n answer "{{ if index .Match 1 }}{{ .Name }} A 192.0.2.1{{ end }}"\n}',
    );
    expect((await answer('x.test', 'A')).answer).toHaveLength(1);
    expect((await answer('y.test', 'A')).answer).toHaveLength(0);
  });

  it.each([
    ['NXDOMAIN', 3],
    ['REFUSED', 5],
    ['FORMERR', 1],
    ['NOTIMP', 4],
    ['YXDOMAIN', 6],
  ])('carries its records with rcode %s, too', async (name, rcode) => {
    const { answer } = setUp(
      `template IN A . {\n rcode ${name}\n authority "invalid. 60 IN SOA ns.invalid. h.invalid. (1 60 60 60 60)"\n}`,
    );
    expect(await answer('x.invalid', 'A')).toMatchObject({
      rcode,
      authoritative: true,
      authority: ['invalid. 60 IN SOA ns.invalid. h.invalid. 1 60 60 60 60'],
    });
  });

  it('is empty with rcode SERVFAIL, and neither authoritative nor a failure that is logged', async () => {
    const { ask } = setUp('template IN A . {\n rcode SERVFAIL\n answer "a. A 192.0.2.1"\n ederror 15\n}');
    const outcome = await ask('x.test', 'A');
    expect(decodeOutcome(outcome)).toMatchObject({ rcode: SERVFAIL, authoritative: false, answer: [] });
    expect((outcome as Reply).extendedError).toEqual({ code: 15, text: '' });
  });

  it('keeps an rcode of more than four bits whole', async () => {
    const { ask } = setUp('template IN A . {\n rcode BADCOOKIE\n}');
    expect((await ask('x.test', 'A')) as Reply).toMatchObject({ kind: REPLY, rcode: 23 });
  });

  it('tells the extended error', async () => {
    const { ask } = setUp('template IN A . {\n rcode NXDOMAIN\n ederror 21 "Blocked by RFC 2606"\n}');
    expect(await ask('x.test', 'A')).toMatchObject({
      extendedError: { code: 21, text: 'Blocked by RFC 2606' },
    });
  });

  it('that would be too long for any message is cut and says so', async () => {
    const long = `"{{ .Name }} TXT ${'x'.repeat(40_000)}"`;
    const { ask } = setUp(`template IN TXT . {\n answer ${long}\n answer ${long}\n}`);
    const outcome = (await ask('a.test', 'TXT')) as Reply;
    expect(outcome.truncated).toBe(true);
    expect(decode(outcome).answer).toHaveLength(1);
  });
});

describe('when a template fails', () => {
  it('answers SERVFAIL and counts the template', async () => {
    const { ask, context } = setUp('template IN A . {\n answer "{{ index .Match 7 }} A 192.0.2.1"\n}');
    expect(await ask('a.test', 'A')).toMatchObject({
      rcode: SERVFAIL,
      reason: 'answer "{{ index .Match 7 }} A 192.0.2.1": error calling index: index out of range: 7',
      extendedError: { code: 0, text: 'a template failed' },
    });
    const labels = ['dns://:53', '.', '', 'IN', 'A', 'answer', '{{ index .Match 7 }} A 192.0.2.1'];
    expect(context.metrics.value('coredns_template_template_failures_total', ...labels)).toBe(1);
    expect(context.metrics.value('coredns_template_rr_failures_total', ...labels)).toBeUndefined();
  });

  it('answers SERVFAIL and counts the record that is none', async () => {
    const { ask, context } = setUp(
      'template IN A . {\n match ^(.*?)[.]\n authority "{{ .Zone }} A {{ index .Match 1 }}"\n}',
    );
    expect(await ask('a.test', 'A')).toMatchObject({
      rcode: SERVFAIL,
      reason: 'authority "{{ .Zone }} A {{ index .Match 1 }}": A: expected an IPv4 address, found "a"',
    });
    const labels = ['dns://:53', '.', '', 'IN', 'A', 'authority', '{{ .Zone }} A {{ index .Match 1 }}'];
    expect(context.metrics.value('coredns_template_rr_failures_total', ...labels)).toBe(1);
    expect(context.metrics.value('coredns_template_template_failures_total', ...labels)).toBeUndefined();
  });
});

const matches = (context: FakeContext, ...labels: string[]): number | undefined =>
  context.metrics.value('coredns_template_matches_total', ...labels);

describe('matches are counted', () => {
  it('by server, zone, class and type', async () => {
    const servers = ['dns://a:53', 'dns://b:53'].map((label, index) => ({ index, label }));
    const { ask, context } = setUp('template ANY ANY a.test b.test', fakeContext({ servers }));
    await ask('x.a.test', 'A');
    await ask('y.a.test', 'A');
    await ask('x.a.test', 'AAAA');
    await ask('x.b.test', 'A', { server: servers[1] });
    expect(matches(context, 'dns://a:53', 'a.test.', '', 'IN', 'A')).toBe(2);
    expect(matches(context, 'dns://a:53', 'a.test.', '', 'IN', 'AAAA')).toBe(1);
    expect(matches(context, 'dns://b:53', 'b.test.', '', 'IN', 'A')).toBe(1);
  });

  it('under one label for all types and classes without a name', async () => {
    const { ask, context } = setUp('template ANY ANY');
    await ask('a.test', 'TYPE65280', { class: 'CLASS300' });
    await ask('a.test', 'TYPE65281', { class: 'CLASS301' });
    expect(matches(context, 'dns://:53', '.', '', '', '')).toBe(2);
  });

  it('also where the answer is SERVFAIL, but not where no pattern matched', async () => {
    const { ask, context } = setUp('template IN A {\n match ^a[.]\n rcode SERVFAIL\n}');
    await ask('b.test', 'A');
    expect(matches(context, 'dns://:53', '.', '', 'IN', 'A')).toBeUndefined();
    await ask('a.test', 'A');
    expect(matches(context, 'dns://:53', '.', '', 'IN', 'A')).toBe(1);
  });
});
