import { describe, expect, it } from 'vitest';
import { canDrop } from '../../../src/host/iptables/filter-policy.ts';
import { parseSavedTable } from '../../../src/host/iptables/saved-table.ts';

const OPEN = ':INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n';

describe('a table filter', () => {
  it.each([
    { name: 'with nothing in it', text: OPEN, drops: false },
    { name: 'that accepts alone', text: `${OPEN}-A INPUT -p tcp -j ACCEPT`, drops: false },
    { name: 'with a policy', text: ':INPUT DROP [0:0]', drops: true },
    { name: 'with a policy at OUTPUT', text: ':OUTPUT DROP [0:0]', drops: true },
    { name: 'with a rule that drops at the end', text: `${OPEN}-A INPUT -j DROP`, drops: true },
    {
      name: 'with a rejection in a chain of somebody',
      text: `${OPEN}:mine - [0:0]\n-A mine -p udp -j REJECT --reject-with icmp-port-unreachable`,
      drops: true,
    },
    { name: 'with a jump whose name begins like a drop', text: `${OPEN}-A INPUT -j DROPPED`, drops: false },
  ])('$name drops: $drops', ({ text, drops }) => {
    expect(canDrop(parseSavedTable(text), [])).toBe(drops);
  });

  it('is judged without the rules that are excepted', () => {
    const saved = parseSavedTable(`${OPEN}-A INPUT -j DROP`);
    expect(canDrop(saved, saved.rules)).toBe(false);
  });
});
