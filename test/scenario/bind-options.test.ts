/** The name of an interface stands for its addresses, to be served or to be left out; on others nobody listens. */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';

/** Of the loopback interface; 127.0.0.2 is this host too, and not one of them. */
const LOOPBACK = (networkInterfaces()['lo'] ?? []).map(({ address }) => address);
const QUERY = rawQuery({ name: 'example.org' });

/** What comes of a question over UDP: the rcode, or the system's word for a port on which nobody listens. */
async function overUdp(host: string, port: number): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    return await new Promise((resolve) => {
      socket.on('message', (message) => resolve(readReply(message).rcode));
      socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
      socket.connect(port, host, () => socket.send(QUERY));
    });
  } finally {
    socket.close();
  }
}

async function overTcp(host: string, port: number): Promise<string> {
  try {
    const client = await TcpClient.open({ host, port });
    client.write(framed(QUERY));
    const [message] = await client.waitForMessages(1);
    return readReply(message).rcode;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

const ask = async (host: string, port: number): Promise<string[]> =>
  Promise.all([overUdp(host, port), overTcp(host, port)]);

const ANSWERED = ['NOERROR', 'NOERROR'];
const REFUSED = ['ECONNREFUSED', 'ECONNREFUSED'];

describe.skipIf(!LOOPBACK.includes('127.0.0.1'))('bind, where lo has 127.0.0.1', () => {
  let daemon: Daemon;
  let ofInterface: number;
  let withoutAddress: number;
  let withoutInterface: number;
  beforeAll(async () => {
    [ofInterface, withoutAddress, withoutInterface] = await Promise.all([freePort(), freePort(), freePort()]);
    daemon = await startDaemon({
      corefile: `.:${ofInterface} {
      bind lo
      whoami
    }
    .:${withoutAddress} {
      bind lo 127.0.0.2 {
        except 127.0.0.1
      }
      whoami
    }
    .:${withoutInterface} {
      bind 127.0.0.1 127.0.0.2 {
        except lo
      }
      whoami
    }
`,
    });
  });
  afterAll(() => daemon.stop());

  it('an interface: on its addresses, and on no other', async () => {
    for (const host of LOOPBACK) expect(await ask(host, ofInterface)).toEqual(ANSWERED);
    expect(await ask('127.0.0.2', ofInterface)).toEqual(REFUSED);
  });

  it('`except` with an address: not on that one', async () => {
    for (const host of ['127.0.0.2', ...LOOPBACK.filter((address) => address !== '127.0.0.1')]) {
      expect(await ask(host, withoutAddress)).toEqual(ANSWERED);
    }
    expect(await ask('127.0.0.1', withoutAddress)).toEqual(REFUSED);
  });

  it('`except` with an interface: on none of its addresses', async () => {
    expect(await ask('127.0.0.2', withoutInterface)).toEqual(ANSWERED);
    expect(await ask('127.0.0.1', withoutInterface)).toEqual(REFUSED);
  });
});
