import { expect, it } from 'vitest';
import { seenIn } from './rules-watch.ts';

const IN = ':NODELOCALDNS-IN -';
const JUMP = '-A PREROUTING -j NODELOCALDNS-IN';

it('tells what of ours stood, each once, without counters and without the rules of others', () => {
  const seen = seenIn([
    '= ipv4',
    '*raw',
    ':PREROUTING ACCEPT [7:9]',
    'COMMIT',
    '= ipv6',
    '= ipv4',
    `${IN} [0:0]`,
    JUMP,
    '-A PREROUTING -j CALI',
    '= ipv6',
    `${IN} [0:0]`,
    '= ipv4',
    `${IN} [3:5]`,
    JUMP,
    '= ipv6',
    '= ipv4',
  ]);
  expect(seen).toEqual({ looks: 3, texts: { ipv4: ['', `${IN}\n${JUMP}`], ipv6: ['', IN] } });
});

it('does not count a look that was cut off at either end', () => {
  expect(seenIn([JUMP, '= ipv4', IN, JUMP, '= ipv6', IN])).toEqual({
    looks: 0,
    texts: { ipv4: [`${IN}\n${JUMP}`], ipv6: [] },
  });
});
