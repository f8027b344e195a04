/**
 * `metadata`: reads the directive, and does nothing more. CoreDNS's plugin gathers what other plugins publish about a query; of those that
 * are here none publishes anything, so there is nothing to gather and no query passes through here.
 */
import type { Plugin } from '../../chain/plugin.ts';
import { zonesFromArgs } from '../../chain/zones.ts';

export const metadata: Plugin = {
  name: 'metadata',
  setup(cursor, context): undefined {
    cursor.next();
    zonesFromArgs(cursor.remainingArgs(), context);
    if (cursor.nextBlock() || cursor.next()) throw cursor.argError();
  },
};
