/**
 * `run` through a random life (`life.ts`): whatever happens to it, pods and host processes get answers from somebody, and after its planned end
 * nothing of it is left. The seed is printed; NODELOCALDNS_CHAOS_SEED repeats it, NODELOCALDNS_CHAOS_MS makes it longer.
 */
import { describe, expect, it } from 'vitest';
import type { RulesChoice } from '../support/daemons.ts';
import type { KubeProxyMode } from '../support/kube-proxy.ts';
import { buildLab } from '../support/lab.ts';
import { requireLab } from '../support/namespace.ts';
import { Dice } from './dice.ts';
import { live } from './life.ts';
import type { LifeReport } from './life.ts';

const { available, reason } = requireLab('nft', 'iptables', 'knotd', 'ptp', 'dig', 'setpriv');

const LIFE_MS = Number(process.env['NODELOCALDNS_CHAOS_MS'] ?? 10_000);
const SEED = Number(process.env['NODELOCALDNS_CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const START_AND_END_MS = 120_000;

/** A lease, and what a machine with two processors needs to notice its end while everything else starts anew on it. */
const MOST_DARKNESS_MS = 1_000 + 800;

const BACKENDS: readonly { readonly rules: RulesChoice; readonly mode: KubeProxyMode }[] = [
  { rules: 'nft', mode: 'nftables' },
  { rules: 'iptables', mode: 'iptables-nft' },
  { rules: 'iptables', mode: 'iptables-legacy' },
];

/** For who has to find out: what happened just before each darkness, and all that was said. */
function story({ events, darkness, log }: LifeReport): string {
  const things = [
    ...events.map(({ atMs, what }) => ({ atMs, text: what })),
    ...darkness.map(({ client, address, fromMs, ms }) => ({
      atMs: fromMs,
      text: `  dark for ${ms} ms: ${client} → ${address}`,
    })),
  ].toSorted((a, b) => a.atMs - b.atMs);
  const startMs = things[0]?.atMs ?? 0;
  const lines = things.map(({ atMs, text }) => `${((atMs - startMs) / 1_000).toFixed(2)} s ${text}`);
  return [`seed ${SEED}`, ...lines, ...log].join('\n');
}

describe.skipIf(!available)(`a random life ${reason}`, () => {
  it.each(BACKENDS)(
    'with $rules rules and kube-proxy in $mode',
    async ({ rules, mode }) => {
      const lab = await buildLab(mode);
      try {
        const report = await live({ lab, rules, dice: new Dice(SEED), runs: [] }, LIFE_MS);
        const dark = report.darkness.filter(({ ms }) => ms > MOST_DARKNESS_MS);
        expect(dark, story(report)).toEqual([]);
        expect(report.after, story(report)).toBe(report.before);
      } finally {
        await lab.close();
      }
    },
    LIFE_MS + START_AND_END_MS,
  );
});
