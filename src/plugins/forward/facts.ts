/** What a `forward` line means, for whoever explains a Corefile. */
import type { ForwardFacts } from '../../chain/facts.ts';
import { nameToText } from '../../wire/name.ts';
import type { ForwardOptions } from './options.ts';

/** @param place `file:line` of the line */
export const forwardFacts = (options: ForwardOptions, place: string): ForwardFacts => ({
  kind: 'forward',
  place,
  from: nameToText(options.from),
  except: options.except.map((zone) => nameToText(zone)),
  upstreams: options.upstreams.map(({ protocol, host, port }) => ({ protocol, host, port })),
  transport: transportOf(options),
  policy: options.policy,
  handsOn: options.nextRcodes.size > 0 || options.nextOnNodata,
});

function transportOf({ forceTcp, preferUdp }: ForwardOptions): ForwardFacts['transport'] {
  if (forceTcp) return 'tcp';
  return preferUdp ? 'udp' : 'as asked';
}
