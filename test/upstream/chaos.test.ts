import { describe, expect, it } from 'vitest';
import { HEADER_OCTETS } from '../../src/wire/header.ts';
import { nameToText } from '../../src/wire/name.ts';
import { ExchangeError } from '../../src/upstream/upstream.ts';
import {
  closeConnection,
  drop,
  later,
  octets,
  reply,
  resetConnection,
  several,
} from '../support/scripted-upstream.ts';
import type {
  ReceivedQuery,
  ReplySpec,
  ScriptedAction,
  ScriptedUpstream,
} from '../support/scripted-upstream.ts';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import type { UpstreamSettings } from '../../src/upstream/upstream.ts';
import { onBothKinds } from './channel-kinds.ts';
import { openUpstream as openUpstreamBy, serve } from './open-upstream.ts';
import type { OpenUpstream } from './open-upstream.ts';

const FORGED: ReplySpec = { answers: ['@ 30 IN A 192.0.2.66'] };
const HONEST: ReplySpec = { answers: ['@ 30 IN A 192.0.2.1'] };

const MOODS: readonly ((query: ReceivedQuery) => ScriptedAction)[] = [
  () => reply(HONEST),
  () => reply(HONEST),
  () => later(5, reply(HONEST)),
  () => several(reply({ ...FORGED, id: 'wrong' }), reply(HONEST)),
  () => several(reply({ ...FORGED, class: 'CH' }), reply({ ...FORGED, type: 'AAAA' })),
  () => several(reply(HONEST), reply(HONEST)),
  () => several(reply(HONEST), closeConnection()),
  () => reply({ truncated: true }),
  (query) => reply(query.hasOpt ? { rcode: 'FORMERR', opt: false } : HONEST),
  () => octets(new Uint8Array(40).fill(0xff)),
  (query) => ({ kind: 'send', octets: () => query.message }),
  () => drop(),
  () => closeConnection(),
  () => resetConnection(),
];

/** Moods in an order that a seed decides, so that a failure can be had again. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

const questionOf = (message: Uint8Array, length: number): string =>
  nameToText(message, HEADER_OCTETS, HEADER_OCTETS + length);

onBothKinds((channels) => {
  const openUpstream = (server: ScriptedUpstream, settings: Partial<UpstreamSettings> = {}): OpenUpstream =>
    openUpstreamBy(server, settings, SYSTEM_CLOCK, channels);

  describe('whatever an upstream does', () => {
    it.each([1, 2, 3])(
      'every exchange ends with a reply to its question or an ExchangeError (seed %i)',
      async (seed) => {
        const random = numbers(seed);
        const server = await serve((query) => MOODS[random.next().value % MOODS.length](query));
        const { ask, upstream } = openUpstream(server, {
          expireMs: 20,
          maxAgeMs: 50,
          healthCheckIntervalMs: 5,
        });
        const outcome = async (number: number): Promise<string> => {
          const name = `n${number}.test.`;
          try {
            const message = await ask(name, number % 3 === 0 ? 'tcp' : 'udp', 150);
            return questionOf(message, name.length + 1) === name ? 'answered' : 'another question';
          } catch (error) {
            upstream.probeSoon();
            return error instanceof ExchangeError ? `failed: ${error.code}` : 'another error';
          }
        };
        const burst = (from: number): Promise<string[]> =>
          Promise.all(Array.from({ length: 100 }, (_, i) => outcome(from + i)));
        const outcomes = [...(await burst(0)), ...(await burst(100)), ...(await burst(200))];
        expect(outcomes.filter((text) => text === 'answered').length).toBeGreaterThan(100);
        expect(outcomes.filter((text) => text.startsWith('another'))).toEqual([]);
      },
    );
  });
});
