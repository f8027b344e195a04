/** The program of the attackers: a process of its own. Arguments: a seed and the daemon's port. It is told what to do and for how long. */
import { Random } from '../fuzz/random.ts';
import { ATTACKS } from './attacks.ts';
import type { Attack } from './attacks.ts';

export interface AttackOrder {
  readonly number: number;
  readonly attack: Attack;
  readonly ms: number;
}

const [seed = 0, port = 0] = process.argv.slice(2).map(Number);

process.on('disconnect', () => process.exit());
process.on('message', ({ number, attack, ms }: AttackOrder) => {
  const target = { port, random: new Random(seed, number), endMs: performance.now() + ms };
  void ATTACKS[attack](target).then(() => process.send?.(number));
});
process.send?.('ready');
