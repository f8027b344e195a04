/** A daemon with a cache in front of an upstream whose replies a test forges, and how many of them it found out. */
import { onTestFinished } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { scrape } from '../../support/page.ts';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import type { RawReply } from '../../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream, ScriptedUpstreamOptions } from '../../support/scripted-upstream.ts';
import { UdpClient } from '../../support/udp-client.ts';

/** What a forger wants to be believed, and what is so. */
export const LIE = { answers: ['@ 30 IN A 203.0.113.66'] };
export const TRUTH = reply({ answers: ['@ 30 IN A 192.0.2.1'] });

/** The truth about a name, as a client reads it. */
export const truthAbout = (name: string): string[] => [`${name} 30 IN A 192.0.2.1`];

export interface Deceived {
  readonly upstream: ScriptedUpstream;
  readonly ask: (name: string) => Promise<RawReply>;
  /** Replies that did not count. */
  readonly mismatches: () => Promise<number>;
}

/** @param options further lines of `forward` */
export async function startDeceived(
  script: Script,
  options = '',
  upstreamOptions: ScriptedUpstreamOptions = {},
): Promise<Deceived> {
  const upstream = await startScriptedUpstream(script, upstreamOptions);
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      prometheus 127.0.0.1:${metricsPort}
      forward . 127.0.0.1:${upstream.port} {
        max_fails 0
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  return {
    upstream,
    ask: async (name) => readReply(await client.ask(rawQuery({ name, id: ++id }))),
    mismatches: async () => (await scrape(metricsPort)).sum('nodelocaldns_upstream_mismatched_replies_total'),
  };
}
