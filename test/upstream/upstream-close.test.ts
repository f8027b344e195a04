import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { drop, reply } from '../support/scripted-upstream.ts';
import type { ReplySpec, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import type { UpstreamSettings } from '../../src/upstream/upstream.ts';
import { onBothKinds } from './channel-kinds.ts';
import { failureOf, openUpstream as openUpstreamBy, serve } from './open-upstream.ts';
import type { OpenUpstream } from './open-upstream.ts';

const HONEST: ReplySpec = { answers: ['@ 30 IN A 192.0.2.1'] };
const CUT: ReplySpec = { answers: ['@ 30 IN A 192.0.2.2'], truncated: true };

/** What keeps the process alive, and belongs to a socket or a timer; and every socket, whoever opened it. */
const resources = (): string[] => [
  ...process
    .getActiveResourcesInfo()
    .filter((kind) => /UDP|TCP|TLS|Timeout/.test(kind))
    .toSorted(),
  ...readdirSync('/proc/self/fd').flatMap(socketBehind).toSorted(),
];

/** The name of the socket that a descriptor stands for, such as `socket:[4711]`; nothing for anything else. */
function socketBehind(fd: string): string[] {
  try {
    return [readlinkSync(`/proc/self/fd/${fd}`)].filter((target) => target.startsWith('socket:'));
  } catch {
    // The descriptor that the directory was read by.
    return [];
  }
}

/** The resources as soon as they have been the same for a while: handles of other tests may still be closing. */
async function resourcesAtRest(): Promise<string[]> {
  let before = '';
  for (let same = 0; same < 50; same++) {
    const now = resources().join();
    if (now !== before) same = 0;
    before = now;
    await nextTurn();
  }
  return resources();
}

/** What is there beyond `known`, as soon as it is nothing, or in the end. Of what is known some may be gone: timers of the test runner. */
async function resourcesBeyond(known: readonly string[], turns = 20_000): Promise<string[]> {
  const spare = [...known];
  const beyond = resources().filter((resource) => {
    const at = spare.indexOf(resource);
    if (at >= 0) spare.splice(at, 1);
    return at < 0;
  });
  // Waits without a timer, which would be one of them.
  if (turns === 0 || beyond.length === 0) return beyond;
  await nextTurn();
  return resourcesBeyond(known, turns - 1);
}

onBothKinds((channels) => {
  const openUpstream = (server: ScriptedUpstream, settings: Partial<UpstreamSettings> = {}): OpenUpstream =>
    openUpstreamBy(server, settings, SYSTEM_CLOCK, channels);

  describe('closing an upstream', () => {
    it('leaves no socket and no timer', async () => {
      const server = await serve((query) => (query.name === 'lost.test.' ? drop() : reply(HONEST)));
      const before = await resourcesAtRest();
      const { ask, upstream } = openUpstream(server, { healthCheckTransport: 'tcp' });
      await Promise.all([ask('a.test'), ask('b.test', 'tcp'), ask('c.test')]);
      const lost = [failureOf(ask('lost.test')), failureOf(ask('lost.test', 'tcp'))];
      await server.waitForQueries(5);
      server.script = () => drop();
      upstream.probeSoon();
      await server.waitForQueries(6);
      expect(await resourcesBeyond(before, 1)).not.toEqual([]);
      upstream.close();
      await Promise.all(lost);
      await server.waitForConnections(0);
      expect(await resourcesBeyond(before)).toEqual([]);
    });

    it('refuses new exchanges, and may be called again', async () => {
      const server = await serve(() => reply(HONEST));
      const { ask, upstream } = openUpstream(server);
      upstream.close();
      upstream.close();
      expect((await failureOf(ask('www.example.org'))).code).toBe('closed');
      expect((await failureOf(ask('www.example.org', 'tcp'))).code).toBe('closed');
      upstream.probeSoon();
      expect(server.queries).toHaveLength(0);
    });

    it('rejects what is on the way: opening, sent, waiting, and between UDP and TCP', async () => {
      const server = await serve((query) =>
        query.name === 'cut.test.' && query.transport === 'udp' ? reply(CUT) : drop(),
      );
      const { ask, upstream } = openUpstream(server);
      const answers = [ask('a.test'), ask('b.test', 'tcp'), ask('cut.test')].map((answer) =>
        failureOf(answer),
      );
      await server.waitForQueries(4);
      answers.push(
        failureOf(ask('opening.test')),
        failureOf(ask('waiting.test', 'tcp')),
        failureOf(ask('c.test', 'tcp')),
      );
      upstream.close();
      expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(answers.map(() => 'closed'));
    });
  });
});
