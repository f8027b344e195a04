/** `node see.ts ADDRESS…`: makes the interface in the network namespace that it runs in, and prints what it sees before, with and after it. */
import { ManagedLink } from '../../../src/host/managed-link.ts';
import { runTool } from '../../../src/host/run-tool.ts';

const NAME = 'nodelocaldns';

const link = new ManagedLink({ name: NAME, type: 'bridge', addresses: process.argv.slice(2) }, runTool);
const seen = [link.seemsWhole()];
await link.ensure();
seen.push(link.seemsWhole());
await runTool('interface', { command: 'ip', args: ['link', 'delete', NAME] });
seen.push(link.seemsWhole());
console.log(seen.join(' '));
