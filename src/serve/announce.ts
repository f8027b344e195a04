/** What the start-up log says: which zones are served where, what else listens, and what to try next. */
import type { Listener } from '../listen/listener.ts';
import type { Generation } from './generation.ts';

/** Lines for the log; the last says `serving`, and means that every socket is open. */
export function describeServers(
  generation: Generation,
  listeners: readonly Listener[],
  httpAddresses: readonly string[],
): string[] {
  const lines = generation.groups.flatMap(({ table, port, address }) =>
    [...table.zones()].map(({ text }) => `${text}:${port}${address === '' ? '' : ` on ${address}`}`),
  );
  const pages = [...new Set(generation.routes.map(({ address, path }) => `${address}${path}`))];
  if (pages.length > 0) lines.push(`pages: ${pages.join(' ')} (bound: ${httpAddresses.join(' ')})`);
  const metrics = generation.routes.find(({ path }) => path === '/metrics');
  if (metrics !== undefined) lines.push(`try: curl http://${reachable(metrics.address)}${metrics.path}`);
  const first = listeners[0];
  if (first !== undefined) {
    const address = first.address === '0.0.0.0' ? '127.0.0.1' : first.address;
    lines.push(`try: dig @${address} -p ${first.port} ${exampleName(generation)}`);
  }
  lines.push(`serving on ${listeners.length} sockets`);
  return lines;
}

/** `:9253` is every address of the host, and curl wants one. */
const reachable = (address: string): string => (address.startsWith(':') ? `127.0.0.1${address}` : address);

/** A name below the most particular zone. */
function exampleName(generation: Generation): string {
  const zones = generation.blocks.flatMap((block) => block.zones).map(({ text }) => text);
  const cluster = zones.find((text) => text.startsWith('cluster.'));
  return cluster === undefined ? zones[0] : `kubernetes.default.svc.${cluster}`;
}
