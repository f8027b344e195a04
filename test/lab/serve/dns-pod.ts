/** One instance of cluster DNS: answers everything asked on port 53 of the address that it is given, over UDP and TCP. Prints `ready`. */
import { reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';

const [host] = process.argv.slice(2);
await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }), { host, port: 53 });
process.stdout.write('ready\n');
