/** `prometheus`: counts what passes through the block, and shows all metrics of the process on a page. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { onlyOnce, optionalArgument, unknownProperty } from '../../corefile/arguments.ts';
import { loadExposition } from '../../observe/exposition.ts';
import { parseHttpAddress } from '../../observe/http-address.ts';
import { PrometheusHandler } from './prometheus.ts';

const DEFAULT_ADDRESS = 'localhost:9153';

export const prometheus: Plugin = {
  name: 'prometheus',
  setup(cursor, context): MakeHandler {
    cursor.next();
    const address = optionalArgument(cursor) ?? DEFAULT_ADDRESS;
    parseHttpAddress(address);
    // Our process metrics are always there and Node's own are never; the option is taken so that Corefiles with it load.
    while (cursor.nextBlock()) {
      if (cursor.value !== 'runtime_metrics') throw unknownProperty(cursor);
    }
    onlyOnce(cursor);
    if (context.opensPages) context.onStart(loadExposition);
    context.http({ address, path: '/metrics', answer: () => context.metricsPage() });
    return (next) => new PrometheusHandler(next, context);
  },
};
