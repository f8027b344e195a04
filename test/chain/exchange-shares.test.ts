/** How many exchanges of one client count, and how little is known of clients that have gone. */
import { expect, it } from 'vitest';
import { ExchangeShares, MOST_OF_THE_ONLY_ONE, PERIOD_MS } from '../../src/chain/exchange-shares.ts';

const NOW = 10 * PERIOD_MS;

it('exchanges that end make room for as many, in the period in which they began and in the next', () => {
  const shares = new ExchangeShares();
  for (let i = 0; i < MOST_OF_THE_ONLY_ONE; i++) shares.begun(1, NOW);
  expect(shares.mayBegin(1, NOW)).toBe(false);
  shares.ended(1, NOW);
  expect(shares.mayBegin(1, NOW)).toBe(true);
  shares.begun(1, NOW);
  expect(shares.mayBegin(1, NOW + PERIOD_MS)).toBe(false);
  shares.ended(1, NOW);
  expect(shares.mayBegin(1, NOW + PERIOD_MS)).toBe(true);
});

it('the end of an old exchange makes no room, since it took none any more', () => {
  const shares = new ExchangeShares();
  for (let i = 0; i < MOST_OF_THE_ONLY_ONE; i++) shares.begun(1, NOW);
  const later = NOW + 2 * PERIOD_MS;
  for (let i = 0; i < MOST_OF_THE_ONLY_ONE; i++) shares.begun(1, later);
  for (let i = 0; i < MOST_OF_THE_ONLY_ONE; i++) shares.ended(1, NOW);
  expect(shares.mayBegin(1, later)).toBe(false);
});

it('clients without young exchanges are forgotten', () => {
  const shares = new ExchangeShares();
  for (let client = 0; client < 1_000; client++) {
    shares.begun(client, NOW);
    if (client % 2 === 0) shares.ended(client, NOW);
  }
  shares.begun(-1, NOW + PERIOD_MS);
  expect(shares.size).toBe(501);
  shares.begun(-1, NOW + 2 * PERIOD_MS);
  expect(shares.size).toBe(1);
  expect(shares.mayBegin(1, NOW + 2 * PERIOD_MS)).toBe(true);
  shares.ended(1, NOW);
});
