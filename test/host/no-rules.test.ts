import { expect, it } from 'vitest';
import { NoRules } from '../../src/host/no-rules.ts';

it('stand whatever happens, with what was armed last', async () => {
  const rules = new NoRules();
  await rules.install(['10.96.0.10']);
  await rules.arm(['169.254.20.10', '10.96.0.10']);
  await rules.disarm(['10.96.0.10', '192.0.2.1']);
  expect(await rules.inspect()).toEqual({
    standing: 'complete',
    armed: ['169.254.20.10'],
    live: ['169.254.20.10'],
  });
  await rules.install([]);
  expect((await rules.inspect()).armed).toEqual([]);
  await rules.arm(['10.96.0.10']);
  await rules.remove();
  expect((await rules.inspect()).armed).toEqual([]);
});
