/** `node answer.ts WHO ADDRESS…`: says WHO and whom it saw, over UDP and TCP at port 53 of each address. Prints "ready". */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { once } from 'node:events';

const PORT = 53;
const [who, ...addresses] = process.argv.slice(2);
for (const address of addresses) {
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (_octets, from) => udp.send(`${who} saw ${from.address}`, from.port, from.address));
  udp.bind(PORT, address);
  const tcp = createServer((socket) => socket.end(`${who} saw ${socket.remoteAddress}`)).listen(
    PORT,
    address,
  );
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
}
console.log('ready');
