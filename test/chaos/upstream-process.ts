/**
 * The program of the upstreams: a process of its own, so that the load does not wait for them nor they for it. Arguments: a seed and a
 * port for each. It is told by messages what an upstream becomes, says when that is so, and ends with its parent.
 */
import { Random } from '../fuzz/random.ts';
import { Upstream } from './upstream.ts';
import type { Mode } from './upstream.ts';

export interface Order {
  readonly number: number;
  readonly upstream: number;
  readonly mode: Mode;
}

const [seed = 0, ...ports] = process.argv.slice(2).map(Number);
const upstreams = ports.map((port, index) => new Upstream(port, new Random(seed, index)));

process.on('disconnect', () => process.exit());
process.on('message', ({ number, upstream, mode }: Order) => {
  void upstreams[upstream]?.become(mode).then(() => process.send?.(number));
});
await Promise.all(upstreams.map((upstream) => upstream.become('well')));
process.send?.('ready');
