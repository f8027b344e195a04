import { expect, it } from 'vitest';
import { MoveBudget } from '../../src/upstream/move-budget.ts';

/** How many may be spent now. */
function spendAll(budget: MoveBudget): number {
  let spent = 0;
  while (budget.spend()) spent++;
  return spent;
}

it('what 64 connections hold may be asked again at once, then one for ten that are asked', () => {
  const budget = new MoveBudget(128);
  expect(spendAll(budget)).toBe(128);
  for (let i = 0; i < 105; i++) budget.earn();
  expect(spendAll(budget)).toBe(10);
});

it('no more is saved up than that', () => {
  const budget = new MoveBudget(128);
  for (let i = 0; i < 10_000; i++) budget.earn();
  expect(spendAll(budget)).toBe(128);
});
