/** Clients who ask one question after the other, each for a name of its own, while something happens; and what became of all of them. */
import { onTestFinished } from 'vitest';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import { UdpClient } from '../../support/udp-client.ts';

export interface AskedOutcome {
  readonly rcode: string;
  readonly ms: number;
}

export interface SteadyLoad {
  /** Asks no more. @returns what became of every question, when the last one is answered */
  end(): Promise<readonly AskedOutcome[]>;
}

/** @param port of the daemon, on 127.0.0.1 */
export async function startSteadyLoad(port: number, queriesPerSecond: number): Promise<SteadyLoad> {
  const client = await UdpClient.open({ port });
  const outcomes: Promise<AskedOutcome>[] = [];
  const ask = async (id: number): Promise<AskedOutcome> => {
    const began = performance.now();
    const { rcode } = readReply(await client.ask(rawQuery({ name: `n${id}.example.`, id })));
    return { rcode, ms: performance.now() - began };
  };
  const timer = setInterval(() => outcomes.push(ask(outcomes.length + 1)), 1_000 / queriesPerSecond);
  onTestFinished(() => clearInterval(timer));
  return {
    end() {
      clearInterval(timer);
      return Promise.all(outcomes);
    },
  };
}
