/** Does what a fault says, for as long as it says, and undoes it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Helper } from './child-process.ts';
import { corefile } from './corefile.ts';
import type { Ports } from './corefile.ts';
import type { Fault } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Served } from './served.ts';
import type { Mode } from './upstream.ts';

export interface Stage {
  readonly ports: Ports;
  readonly served: Served;
  readonly upstreams: Helper;
  readonly attacker: Helper;
  readonly ledger: Ledger;
}

/** An upstream that truncates, lies or dribbles still says the truth in the end, but not so that one could rely on when. */
export async function commit(stage: Stage, { name, ms, deed }: Fault): Promise<void> {
  const { ledger, served } = stage;
  const span = ledger.begin(name, deed.kind === 'upstream' ? deed.upstreams : []);
  switch (deed.kind) {
    case 'upstream':
      await become(stage, deed.upstreams, deed.mode);
      await delay(ms);
      await become(stage, deed.upstreams, 'well');
      break;
    case 'attack':
      await stage.attacker.order({ attack: deed.attack, ms });
      break;
    case 'log unread':
      served.ignoreLog();
      await delay(ms);
      served.readLog();
      break;
    case 'reload':
      served.reload(corefile(stage.ports, deed.variant));
      await delay(ms);
      break;
    case 'frozen':
      served.signal('SIGSTOP');
      await delay(ms);
      served.signal('SIGCONT');
      break;
    case 'descriptors':
      served.limitDescriptors(deed.spare);
      await delay(ms);
      served.limitDescriptors(undefined);
      break;
  }
  ledger.end(span);
}

/** Resolves when they all are so. */
export async function become(stage: Stage, upstreams: readonly number[], mode: Mode): Promise<void> {
  await Promise.all(upstreams.map((upstream) => stage.upstreams.order({ upstream, mode })));
}
