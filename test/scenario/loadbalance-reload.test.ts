/** Weights of addresses follow their file while the daemon runs, also for answers from memory. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { tempDirectory } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';

const [FIRST, SECOND] = ['192.0.2.1', '192.0.2.2'];
/** The address of full weight comes first in more than half of them, but for one run in 10^30. */
const ROUNDS = 40;

it('`reload` takes over what the file of weights says, and keeps it when the file is broken', async () => {
  const upstream = await startScriptedUpstream(() =>
    reply({ answers: [`@ 300 IN A ${FIRST}`, `@ 300 IN A ${SECOND}`] }),
  );
  onTestFinished(() => upstream.close());
  const directory = tempDirectory();
  const path = join(directory, 'weights');
  const write = (text: string): void => {
    writeFileSync(join(directory, 'new'), text);
    renameSync(join(directory, 'new'), path);
  };
  write(`www.test\n${FIRST} 255\n`);
  const port = await freePort();
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      loadbalance weighted ${path} {
        reload 100ms
      }
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const client = await UdpClient.open({ port });
  const timesFirst = async (address: string): Promise<number> => {
    let times = 0;
    for (let id = 1; id <= ROUNDS; id++) {
      const { answer } = readReply(await client.ask(rawQuery({ id, name: 'www.test' })));
      expect(answer).toHaveLength(2);
      if (answer[0].endsWith(` ${address}`)) times++;
    }
    return times;
  };
  expect(await timesFirst(FIRST)).toBeGreaterThan(ROUNDS / 2);

  const taken = daemon.waitForNextLine(/plugin\/loadbalance: Successfully reloaded weight file/);
  write(`www.test\n${SECOND} 255\n`);
  await taken;
  expect(await timesFirst(SECOND)).toBeGreaterThan(ROUNDS / 2);

  const refused = daemon.waitForNextLine(/\[ERROR\] plugin\/loadbalance: /);
  write(`www.test\n${FIRST} heavy\n`);
  await refused;
  expect(await timesFirst(SECOND)).toBeGreaterThan(ROUNDS / 2);
  expect(upstream.queries).toHaveLength(1);
});
