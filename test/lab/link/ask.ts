/** `node ask.ts ADDRESS…`: asks port 53 of each from a socket that is not bound, over UDP and TCP, and prints a line with what was said. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

const PORT = 53;
const TIMEOUT_MS = 3_000;
const signal = AbortSignal.timeout(TIMEOUT_MS);

async function overUdp(address: string): Promise<string> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.connect(PORT, address);
  await once(socket, 'connect', { signal });
  const answer = once(socket, 'message', { signal });
  socket.send('?');
  const [octets] = (await answer) as [Buffer];
  const line = `from ${socket.address().address}: ${octets.toString()}`;
  socket.close();
  return line;
}

async function overTcp(address: string): Promise<string> {
  const socket = connect(PORT, address);
  await once(socket, 'connect', { signal });
  const from = socket.localAddress;
  const [octets] = (await once(socket, 'data', { signal })) as [Buffer];
  socket.destroy();
  return `from ${from}: ${octets.toString()}`;
}

for (const address of process.argv.slice(2)) {
  for (const [protocol, ask] of Object.entries({ udp: overUdp, tcp: overTcp })) {
    const said = await ask(address).catch(String);
    console.log(`${protocol} ${address} ${said}`);
  }
}
process.exit();
