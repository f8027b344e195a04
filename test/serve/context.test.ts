/** What a plugin is given: answers of its own to keep, a share of the memory, and state that others have too. */
import { describe, expect, it } from 'vitest';
import { REPLY } from '../../src/chain/outcome.ts';
import type { Outcome, Reply } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import type { Plugin, SetupContext } from '../../src/chain/plugin.ts';
import type { Generation } from '../../src/serve/generation.ts';
import type { Block } from '../../src/serve/block.ts';
import { setupContext } from '../../src/serve/context.ts';
import { CLASS_IN, TYPE_A } from '../../src/wire/registry.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { decode, makeQuery } from '../support/query.ts';
import { fakeSurroundings, generationOf } from './make-generation.ts';
import type { FakeSurroundings } from './make-generation.ts';

const PLUGIN: Plugin = { name: 'asking', setup: () => undefined };

const COREFILE = `. {
  cache
  template IN A {
    match ^(?P<n>[0-9]+)[.]test[.]$
    answer "{{ .Name }} 60 IN A 192.0.2.{{ .Group.n }}"
  }
}`;

/** The context of one more plugin in the first block. */
function contextIn(generation: Generation, surroundings: FakeSurroundings): SetupContext {
  const [block]: readonly Block[] = generation.blocks;
  return setupContext(PLUGIN, block, generation, surroundings, undefined);
}

function replyOf(outcome: Outcome): Reply {
  if (outcome.kind !== REPLY) throw new Error('no reply');
  return outcome;
}

const queryIn = (generation: Generation, name: string): Query =>
  makeQuery(name, 'A', { server: generation.groups[0].identity });

describe('resolving', () => {
  it('gives a reply that stays as it is while other queries are answered from the cache', async () => {
    const surroundings = fakeSurroundings();
    const generation = generationOf(COREFILE, surroundings);
    const { handler } = generation.groups[0];
    const context = contextIn(generation, surroundings);
    for (const name of ['1.test.', '2.test.']) await handler.ask(queryIn(generation, name));
    surroundings.clock.advance(7000);

    const question = { name: nameFromText('1.test.'), type: TYPE_A, class: CLASS_IN };
    const resolved = replyOf(await context.resolve(queryIn(generation, 'outer.test.'), question));
    expect(resolved.source).toBe('cache');
    const message = resolved.message.slice();
    surroundings.clock.advance(20_000);
    const lent = replyOf(await handler.ask(queryIn(generation, '2.test.')));
    expect(lent.source).toBe('cache');
    expect(lent).not.toBe(resolved);
    expect(resolved.message).toEqual(message);
    expect(decode(resolved).answer).toEqual(['1.test. 60 IN A 192.0.2.1']);
    expect(resolved).toMatchObject({ ageSeconds: 7, ttlCount: 1, length: message.length });
  });

  it('gives two replies that stand side by side', async () => {
    const surroundings = fakeSurroundings();
    const generation = generationOf(COREFILE, surroundings);
    const context = contextIn(generation, surroundings);
    const names = ['1.test.', '2.test.', '3.test.'];
    const ask = (): Promise<Outcome[]> =>
      Promise.all(
        names.map((name) =>
          context.resolve(queryIn(generation, 'outer.test.'), {
            name: nameFromText(name),
            type: TYPE_A,
            class: CLASS_IN,
          }),
        ),
      );
    await ask();
    const replies = (await ask()).map(replyOf);
    expect(replies.map(({ source }) => source)).toEqual(['cache', 'cache', 'cache']);
    expect(replies.flatMap((reply) => decode(reply).answer)).toEqual([
      '1.test. 60 IN A 192.0.2.1',
      '2.test. 60 IN A 192.0.2.2',
      '3.test. 60 IN A 192.0.2.3',
    ]);
  });
});

describe('the memory for caches', () => {
  it.each([
    { what: 'all of it, for one process', settings: '', octets: 64 * 1024 * 1024 },
    {
      what: 'its part, where processes share it',
      settings: 'multisocket 3',
      octets: Math.floor((64 * 1024 * 1024) / 3),
    },
  ])('is $what', ({ settings, octets }) => {
    const surroundings = fakeSurroundings();
    const generation = generationOf(`. {\n ${settings}\n whoami\n}`, surroundings);
    expect(contextIn(generation, surroundings).cacheOctets()).toBe(octets);
  });
});

describe('state of the whole process', () => {
  it('is made once, for all blocks and all configurations', () => {
    const surroundings = fakeSurroundings();
    const contexts = ['a', 'b'].map((zone) =>
      contextIn(generationOf(`${zone} {\n whoami\n}`, surroundings), surroundings),
    );
    const states = contexts.map((context) =>
      context.processWide('a test', () => ({ made: zoneText(context) })),
    );
    expect(states[1]).toBe(states[0]);
    expect(states[1]).toEqual({ made: 'a.' });
    expect(contexts[1].processWide('another', () => 2)).toBe(2);
  });

  it('is not that of another process', () => {
    const states = [fakeSurroundings(), fakeSurroundings()].map((surroundings) =>
      contextIn(generationOf('. {\n whoami\n}', surroundings), surroundings).processWide(
        'a test',
        () => ({}),
      ),
    );
    expect(states[1]).not.toBe(states[0]);
  });
});

const zoneText = ({ zones }: SetupContext): string => zones[0].text;
