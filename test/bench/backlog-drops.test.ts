import { describe, expect, it } from 'vitest';
import { backlogDrops, parseBacklogDrops } from './backlog-drops.ts';

const line = (dropped: string): string => `000a4b7c ${dropped} 00000024 00000000 00000000\n`;

describe('what the kernel drops of its backlog', () => {
  it('is summed over processors', () => {
    expect(parseBacklogDrops(line('0000001f') + line('00000100'))).toBe(0x11f);
  });

  it('is known here', () => {
    expect(backlogDrops()).toBeGreaterThanOrEqual(0);
  });
});
