/**
 * Looks at table raw of both families all the time, without a lock, as a packet does: what of ours stood there at any moment. For iptables,
 * whose rules are put by one call for each family.
 */
import type { Lab } from './lab.ts';
import type { Family } from './plan.ts';

export interface RulesWatch {
  /** What is seen from here on counts, … */
  begin(): void;
  /** … and from here on no more. */
  end(): void;
  stop(): Promise<RulesSeen>;
}

export interface RulesSeen {
  /** How often both families were looked at. */
  readonly looks: number;
  /** Each text once; empty for nothing of ours. */
  readonly texts: Readonly<Record<Family, readonly string[]>>;
}

const MARK = '= ';
const LOOK = `while :; do
  echo "${MARK}ipv4"; iptables-save -t raw
  echo "${MARK}ipv6"; ip6tables-save -t raw
  sleep 0.02
done`;

/** Resolves when it has begun to look. */
export async function watchRules(lab: Lab): Promise<RulesWatch> {
  const child = lab.node.start(['sh', '-c', LOOK], { env: lab.environment });
  await child.waitForLine(/^= ipv6$/);
  let from = 0;
  let to: number | undefined;
  return {
    begin() {
      from = child.lines().length;
    },
    end() {
      to = child.lines().length;
    },
    async stop() {
      child.signal('SIGKILL');
      await child.ended;
      return seenIn(child.lines().slice(from, to));
    },
  };
}

/** What is not whole at the beginning or at the end does not count. */
export function seenIn(lines: readonly string[]): RulesSeen {
  const looks = { ipv4: [] as string[], ipv6: [] as string[] };
  let family: Family | undefined;
  let text: string[] = [];
  for (const line of lines) {
    if (line.startsWith(MARK)) {
      if (family !== undefined) looks[family].push(text.join('\n'));
      family = line === `${MARK}ipv4` ? 'ipv4' : 'ipv6';
      text = [];
    } else if (line.includes('NODELOCALDNS')) {
      text.push(line.replace(/ \[\d+:\d+\]/, ''));
    }
  }
  return {
    looks: Math.min(looks.ipv4.length, looks.ipv6.length),
    texts: { ipv4: [...new Set(looks.ipv4)], ipv6: [...new Set(looks.ipv6)] },
  };
}
