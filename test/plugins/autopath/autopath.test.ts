import { describe, expect, it } from 'vitest';
import { Failure, Reply, SILENCE } from '../../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { autopath } from '../../../src/plugins/autopath/setup.ts';
import { parseSearchPath } from '../../../src/plugins/autopath/search-path.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { SERVFAIL } from '../../../src/wire/registry.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import { tempFile } from '../../support/temp-file.ts';

const SEARCH = 'search first.test second.test\nnameserver 192.0.2.53\n';
const NXDOMAIN: ReplySpec = { rcode: 'NXDOMAIN', authority: ['test. 30 IN SOA ns. mail. 1 2 3 4 5'] };
const SERVER = { index: 0, label: 'dns://:53' };

/** What names get; others do not exist. */
type Names = Readonly<Record<string, ReplySpec | Outcome>>;

class Scene {
  readonly asked: string[] = [];
  readonly context = fakeContext();
  private readonly names: Names;
  private readonly waits: boolean;
  private readonly args: string;

  constructor(names: Names, { waits = false, args = '' } = {}) {
    this.names = names;
    this.waits = waits;
    this.args = args;
  }

  ask(name: string, type = 'A', overrides: QueryOverrides = {}): Pending {
    const corefile = `autopath ${this.args} ${tempFile(SEARCH, 'resolv.conf')}`;
    const make = autopath.setup(cursorOf(corefile), this.context);
    if (make === undefined) throw new Error('autopath has a handler');
    const handler = make({ name: 'next', ask: (query) => this.next(query) });
    return handler.ask(makeQuery(name, type, { server: SERVER, ...overrides }));
  }

  get successes(): number | undefined {
    return this.context.metrics.value('coredns_autopath_success_total', SERVER.label);
  }

  private next(query: Query): Pending {
    this.asked.push(nameToText(query.nameAsAsked));
    const found = this.names[query.nameText] ?? NXDOMAIN;
    const outcome = 'kind' in found ? found : replyTo(query, found);
    return this.waits ? Promise.resolve(outcome) : outcome;
  }
}

const A = { answers: ['@ 60 IN A 192.0.2.1'] };

describe.each([
  ['given at once', false],
  ['waited for', true],
])('with answers that are %s, a name in the first domain', (_, waits) => {
  it('that exists gets its answer', async () => {
    const scene = new Scene({ 'www.first.test.': A }, { waits });
    expect(decodeOutcome(await scene.ask('www.first.test')).answer).toEqual([
      'www.first.test. 60 IN A 192.0.2.1',
    ]);
    expect(scene.asked).toEqual(['www.first.test.']);
    expect(scene.successes).toBe(1);
  });

  it('that does not gets the answer of the next domain, behind an alias', async () => {
    const scene = new Scene({ 'www.second.test.': A }, { waits });
    expect(decodeOutcome(await scene.ask('WWW.First.test'))).toMatchObject({
      rcode: 0,
      question: 'WWW.First.test. IN A',
      answer: ['WWW.First.test. 60 IN CNAME WWW.second.test.', 'WWW.second.test. 60 IN A 192.0.2.1'],
    });
    expect(scene.asked).toEqual(['WWW.First.test.', 'WWW.second.test.']);
    expect(scene.successes).toBe(1);
  });

  it('that exists in no domain gets the answer of the bare name', async () => {
    const scene = new Scene({ 'www.example.org.': A }, { waits });
    const { answer } = decodeOutcome(await scene.ask('www.example.org.first.test', 'A'));
    expect(answer[0]).toBe('www.example.org.first.test. 60 IN CNAME www.example.org.');
    expect(scene.asked).toEqual([
      'www.example.org.first.test.',
      'www.example.org.second.test.',
      'www.example.org.',
    ]);
  });

  it('that exists nowhere gets the answer to its own question', async () => {
    const scene = new Scene({}, { waits });
    expect(decodeOutcome(await scene.ask('www.first.test'))).toMatchObject({
      rcode: 3,
      question: 'www.first.test. IN A',
      authority: [expect.stringContaining('SOA')],
    });
    expect(scene.asked).toHaveLength(3);
    expect(scene.successes).toBeUndefined();
  });

  it('is not looked for any further when a domain fails', async () => {
    const failure = new Failure(SERVFAIL, 'no upstream', 'forward');
    const scene = new Scene({ 'www.second.test.': failure, 'www.': A }, { waits });
    expect(await scene.ask('www.first.test')).toBe(failure);
    expect(scene.successes).toBeUndefined();
  });

  it('that exists without such a record in the next domain is told so', async () => {
    const soa = ['second.test. 30 IN SOA ns. mail. 1 2 3 4 5'];
    const scene = new Scene({ 'www.second.test.': { authority: soa }, 'www.': A }, { waits });
    expect(decodeOutcome(await scene.ask('www.first.test', 'AAAA'))).toMatchObject({
      rcode: 0,
      question: 'www.first.test. IN AAAA',
      answer: [],
      authority: [expect.stringContaining('SOA')],
    });
    expect(scene.asked).toHaveLength(2);
  });
});

describe('autopath', () => {
  it.each([
    ['a question for another type', 'www.first.test', 'MX'],
    ['a name in another domain', 'www.second.test', 'A'],
    ['the domain itself', 'first.test', 'A'],
    ['a name that only ends alike', 'www.xfirst.test', 'A'],
  ])('leaves %s alone', async (_case, name, type) => {
    const scene = new Scene({});
    expect(decodeOutcome(await scene.ask(name, type)).rcode).toBe(3);
    expect(scene.asked).toHaveLength(1);
  });

  it('is for names in its zones', async () => {
    const scene = new Scene({}, { args: 'a.first.test b.first.test' });
    await scene.ask('www.first.test');
    expect(scene.asked).toHaveLength(1);
    await scene.ask('www.b.first.test');
    expect(scene.asked).toHaveLength(4);
  });

  it('passes over domains that make a name too long', async () => {
    const label = 'a'.repeat(61);
    const long = `${label}.${label}.${label}.${'b'.repeat(56)}`;
    const scene = new Scene({});
    await scene.ask(`${long}.first.test`);
    expect(scene.asked.map((name) => name.split('.').length)).toEqual([7, 5]);
  });

  it('counts TTLs down, and says nothing of its own that it does not know', async () => {
    const old = replyTo(makeQuery('www.second.test', 'A'), { ...A, authenticData: true, truncated: true });
    old.ageSeconds = 50;
    const outcome = await new Scene({ 'www.second.test.': old }).ask('www.first.test');
    if (!(outcome instanceof Reply)) throw new Error('no reply');
    expect(decodeOutcome(outcome).answer.map((line) => line.split(' ')[1])).toEqual(['10', '10']);
    expect([outcome.authenticData, outcome.truncated]).toEqual([false, true]);
  });

  it('asks for the client that asked', async () => {
    const inner: Query[] = [];
    const make = autopath.setup(cursorOf(`autopath ${tempFile(SEARCH, 'resolv.conf')}`), fakeContext());
    const overrides = {
      clientAddress: '2001:db8::7',
      dnssecOk: true,
      checkingDisabled: true,
      server: SERVER,
    };
    const query = makeQuery('www.first.test', 'A', overrides);
    await make?.({ name: 'next', ask: (asked) => (inner.push(asked), replyTo(asked, NXDOMAIN)) }).ask(query);
    expect(inner[0]).toBe(query);
    for (const { clientAddress, dnssecOk, checkingDisabled, server, transport, depth } of inner.slice(1)) {
      expect({ clientAddress, dnssecOk, checkingDisabled, server, transport, depth }).toEqual({
        ...overrides,
        transport: 'tcp',
        depth: 1,
      });
    }
    expect(inner).toHaveLength(3);
  });

  it('gives silence on', async () => {
    expect(await new Scene({ 'www.second.test.': SILENCE }).ask('www.first.test')).toBe(SILENCE);
  });
});

describe('a search path', () => {
  it.each([
    ['search a.test b.test.\nnameserver 192.0.2.1', ['a.test.', 'b.test.']],
    ['search a.test\nsearch B.test c.test', ['b.test.', 'c.test.']],
    ['domain a.test', ['a.test.']],
    ['search a.test\ndomain b.test', ['b.test.']],
    ['# search a.test\n;search b.test\n  search c.test # d.test', ['c.test.']],
    ['options ndots:5\n', []],
    ['search\n', []],
  ])('of %j is %j', (text, domains) => {
    expect(parseSearchPath(text).map((name) => nameToText(name))).toEqual(domains);
  });

  it('may be empty: then nothing is looked for', async () => {
    const make = autopath.setup(
      cursorOf(`autopath ${tempFile('options x\n', 'resolv.conf')}`),
      fakeContext(),
    );
    const asked: Query[] = [];
    await make?.({ name: 'next', ask: (query) => (asked.push(query), replyTo(query, NXDOMAIN)) }).ask(
      makeQuery('www.first.test', 'A'),
    );
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['autopath', 'no resolv-conf specified'],
    [
      'autopath /nonexistent/r',
      'failed to parse "/nonexistent/r": open /nonexistent/r: no such file or directory',
    ],
    [
      'autopath @kubernetes',
      'Corefile:1 - Error during parsing: @kubernetes is not supported: only a file with a search path, such as /etc/resolv.conf',
    ],
    ['autopath a..b /etc/hosts', "unable to normalize 'a..b'"],
  ])('%s is refused', (corefile, message) => {
    expect(() => autopath.setup(cursorOf(corefile), fakeContext())).toThrow(message);
  });
});
