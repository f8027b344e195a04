/** Asks each of its arguments over UDP, twenty times a second, and listens to nothing: what a node's pods do to a lease. */
import { createSocket } from 'node:dgram';
import { askMessage } from '../../../src/wire/ask-message.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { CLASS_IN, TYPE_A } from '../../../src/wire/registry.ts';

const EVERY_MS = 50;

const query = askMessage(
  { name: nameFromText('example.org.'), type: TYPE_A, class: CLASS_IN },
  { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: false },
);
for (const address of process.argv.slice(2)) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  setInterval(() => socket.send(query, 53, address, () => undefined), EVERY_MS);
}
