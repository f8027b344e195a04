/**
 * Asks the server at its address for a new name 200 times a second, and prints one line of JSON when it is told to end: how many answers of
 * each rcode there were, how many questions had none, and how long the slowest answer took.
 */
import { once } from 'node:events';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import { UdpClient } from '../../support/udp-client.ts';
import type { AskedReport } from './asked-report.ts';

const QUERIES_PER_SECOND = 200;

const [host] = process.argv.slice(2);
const client = await UdpClient.open({ host, port: 53 });
const report: { -readonly [K in keyof AskedReport]: AskedReport[K] } = {
  asked: 0,
  lost: 0,
  failed: 0,
  slowestMs: 0,
};
const outcomes: Promise<void>[] = [];

async function ask(id: number): Promise<void> {
  const began = performance.now();
  try {
    const { rcode } = readReply(await client.ask(rawQuery({ name: `n${id}.test.`, id })));
    if (rcode !== 'NOERROR') report.failed++;
    report.slowestMs = Math.max(report.slowestMs, performance.now() - began);
  } catch {
    report.lost++;
  }
}

const timer = setInterval(() => outcomes.push(ask(++report.asked)), 1_000 / QUERIES_PER_SECOND);
process.stdout.write('asking\n');
await once(process, 'SIGTERM');
clearInterval(timer);
await Promise.all(outcomes);
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
