/** `prometheus`: counts what passes through the block, and shows all metrics of the process on a page. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { loadExposition } from '../../observe/exposition.ts';
import { parseHttpAddress } from '../../observe/http-address.ts';
import { PrometheusHandler } from './prometheus.ts';

const DEFAULT_ADDRESS = 'localhost:9153';

export const prometheus: Plugin = {
  name: 'prometheus',
  setup(cursor, context): MakeHandler {
    cursor.next();
    const args = cursor.remainingArgs();
    if (args.length > 1) throw cursor.argError();
    const address = args[0] ?? DEFAULT_ADDRESS;
    parseHttpAddress(address);
    // Our process metrics are always there and Node's own are never; the option is taken so that Corefiles with it load.
    while (cursor.nextBlock()) {
      if (cursor.value !== 'runtime_metrics') throw cursor.error(`unknown property '${cursor.value}'`);
    }
    if (cursor.next()) throw new RangeError('this plugin can only be used once per Server Block');
    if (context.opensPages) context.onStart(loadExposition);
    context.http({ address, path: '/metrics', answer: () => context.metricsPage() });
    return (next) => new PrometheusHandler(next, context);
  },
};
