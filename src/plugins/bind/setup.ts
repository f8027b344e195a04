/** `bind`: the addresses that a server block listens on. Sets `settings.bindAddresses`; has no handler. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Plugin } from '../../chain/plugin.ts';
import type { Cursor } from '../../corefile/cursor.ts';

export const bind: Plugin = {
  name: 'bind',
  setup(cursor, context) {
    const wanted: string[] = [];
    const unwanted: string[] = [];
    while (cursor.next()) {
      const args = cursor.remainingArgs();
      if (args.length === 0) throw cursor.error('at least one address or interface name is expected');
      wanted.push(...args.flatMap((arg) => addressesOf(arg, cursor)));
      while (cursor.nextBlock()) unwanted.push(...readOption(cursor));
    }
    const kept = wanted.filter((address) => !unwanted.includes(address));
    context.settings.bindAddresses = [...new Set(kept)];
    return undefined;
  },
};

function readOption(cursor: Cursor): string[] {
  if (cursor.value !== 'except') throw cursor.error(`invalid option "${cursor.value}"`);
  const args = cursor.remainingArgs();
  if (args.length === 0) {
    throw cursor.error('at least one address or interface must be given to except subdirective');
  }
  return args.flatMap((arg) => addressesOf(arg, cursor));
}

/** An interface's name stands for all its addresses, anything else has to be an address. */
function addressesOf(text: string, cursor: Cursor): string[] {
  const interfaces = networkInterfaces();
  const addresses = Object.hasOwn(interfaces, text) ? interfaces[text] : undefined;
  if (addresses !== undefined) {
    return addresses.map(({ address, scopeid }) =>
      scopeid !== undefined && scopeid > 0 ? `${address}%${text}` : address,
    );
  }
  if (isIP(text) === 0) throw cursor.error(`not a valid IP address or interface name: "${text}"`);
  return [text];
}
