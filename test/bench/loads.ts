/**
 * What is asked: loads as rows. A load makes the text of dnsperf's query files, one question in a line, and knows a few questions whose
 * answers tell whether a server serves it at all. The same load asks the same things in every run: chance has a seed. Pure.
 */
import { TYPE_A, TYPE_AAAA } from '../../src/wire/registry.ts';
import { Random } from '../fuzz/random.ts';
import { NAMESPACES, clusterName, headlessName, outsideName, serviceName } from './bench-zone.ts';

export interface Question {
  /** With final dot. */
  readonly name: string;
  readonly type: 'A' | 'AAAA';
}

export interface Load {
  readonly name: 'hits' | 'mix' | 'misses';
  readonly describe: string;
  /** Each question once: what caches are filled with before the clock runs. Empty where nothing may be cached. */
  readonly questions: readonly Question[];
  /** The queries of one round, in order and without end. Those of a load that may not be cached are asked in no other round. */
  queries(round: number): Generator<Question, never>;
  /** Questions, one of each kind, that a server must answer rightly before it is measured. */
  readonly probes: readonly Question[];
}

export const TYPE_CODES: Readonly<Record<Question['type'], number>> = { A: TYPE_A, AAAA: TYPE_AAAA };

const HIT_NAMES = 5_000;

/** Not so many that dnsmasq, which keeps each address of an answer as an entry, has to throw some out of its 10,000. */
const OUTSIDE_NAMES = 300;
const SERVICES = 400;
const HEADLESS = 100;

const HIT_SEED = 1;
const MIX_SEED = 2;
const MISS_SEED = 3;

export const HITS: Load = (() => {
  const questions = numbers(HIT_NAMES, (number): Question => ({
    name: clusterName(serviceName(number)),
    type: 'A',
  }));
  return {
    name: 'hits',
    describe: `${HIT_NAMES} cached names`,
    questions,
    *queries() {
      const random = new Random(HIT_SEED);
      for (;;) yield mixCase(random.pick(questions), random);
    },
    probes: [questions[0]],
  };
})();

/** Each lookup is what a resolver with a cluster's search list and `ndots:5` asks, one after the other, until it has an answer. */
export const MIX: Load = (() => {
  const lookups = makeLookups();
  const questions = lookups.flat();
  return {
    name: 'mix',
    describe: `${questions.length} cached questions as pods ask them: A with AAAA, search lists, headless services`,
    questions,
    *queries() {
      const random = new Random(MIX_SEED);
      for (;;) for (const question of random.pick(lookups)) yield mixCase(question, random);
    },
    probes: [lookups[0], lookups[OUTSIDE_NAMES], lookups[OUTSIDE_NAMES + SERVICES]].flat(),
  };
})();

export const MISSES: Load = {
  name: 'misses',
  describe: 'names that nobody has asked before, from an upstream that answers at once',
  questions: [],
  *queries(round) {
    const random = new Random(MISS_SEED, round);
    for (let index = 0; ; index++) yield missQuestion(random, index);
  },
  probes: [{ name: outsideName('probe'), type: 'A' }],
};

/** The index keeps names apart within a round; chance does between rounds. */
function missQuestion(random: Random, index: number): Question {
  return { name: outsideName(`${random.uint32().toString(36)}-${index.toString(36)}`), type: 'A' };
}

function makeLookups(): Question[][] {
  return [
    ...numbers(OUTSIDE_NAMES, (number) => lookUp(outsideName(`api-${number}`), number, 4)),
    ...numbers(SERVICES, (number) => lookUp(`${serviceName(number)}.`, number, 2)),
    ...numbers(HEADLESS, (number) => lookUp(`${headlessName(number)}.`, number, 2)),
  ];
}

/**
 * The first `pairs` pairs of questions that a pod asks for a name: the name with each suffix of its search list behind it (its namespace,
 * all services, the cluster), then the name itself.
 */
function lookUp(name: string, number: number, pairs: number): Question[] {
  const namespace = (number + 1) % NAMESPACES;
  const suffixes = [`ns-${namespace}.svc.cluster.local.`, 'svc.cluster.local.', 'cluster.local.', ''];
  return suffixes.slice(0, pairs).flatMap((suffix): Question[] => [
    { name: name + suffix, type: 'A' },
    { name: name + suffix, type: 'AAAA' },
  ]);
}

function numbers<Item>(count: number, make: (number: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Any letter may be a capital, as clients do that guard against forged answers (0x20). */
function mixCase({ name, type }: Question, random: Random): Question {
  let bits = random.uint32();
  let mixed = '';
  for (const character of name) {
    mixed += (bits & 1) === 0 ? character : character.toUpperCase();
    bits = bits >>> 1 === 0 ? random.uint32() : bits >>> 1;
  }
  return { name: mixed, type };
}

/** One line of a file for `dnsperf -d`. */
export const queryLine = ({ name, type }: Question): string => `${name} ${type}\n`;
