/** Lets somebody watch an exchange from its outside (`dnstap`): when it begins, and how it ends, before who asked hears of it. */
import type { ExchangeObserver } from '../../chain/exchange-observer.ts';
import type { Query } from '../../chain/query.ts';
import type { Asker } from '../../upstream/pending-query.ts';
import type { Ask, Upstream } from '../../upstream/upstream.ts';

/** To be called right before `upstream` is asked. @returns who is to be told in place of `asker` */
export function observedAsker(
  observer: ExchangeObserver,
  query: Query,
  ask: Pick<Ask, 'message'>,
  { upstream, transport }: { readonly upstream: Upstream; readonly transport: 'udp' | 'tcp' },
  asker: Asker,
): Asker {
  // Without UDP it is TLS, whatever was wanted.
  const sight = {
    upstream: upstream.label,
    transport: upstream.udp === undefined ? 'tls' : transport,
  } as const;
  const watch = observer.begin(query, sight);
  if (watch === undefined) return asker;
  return {
    replied(reply) {
      watch.ended(ask.message, reply);
      asker.replied(reply);
    },
    failed(error) {
      watch.ended(ask.message, undefined);
      asker.failed(error);
    },
  };
}
