/** Packets that the kernel has dropped before any server could see them: its queue between a sender and a receiver on the same host was full. */
import { readFileSync } from 'node:fs';

const DROPPED = 1;

/** @param text of /proc/net/softnet_stat: a line for each processor, hexadecimal figures, the second one what was dropped */
export const parseBacklogDrops = (text: string): number =>
  text
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number.parseInt(line.trim().split(/\s+/)[DROPPED], 16), 0);

/** Since the host has started (net.core.netdev_max_backlog says how long the queue may be). */
export const backlogDrops = (): number => parseBacklogDrops(readFileSync('/proc/net/softnet_stat', 'utf8'));
