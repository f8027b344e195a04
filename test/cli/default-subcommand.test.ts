import { expect, it } from 'vitest';
import { withSubcommand } from '../../src/cli/default-subcommand.ts';

it.each([
  ['node-cache', '-localip 169.254.20.10 -conf /etc/Corefile', true],
  ['node-cache, another order', '-conf /etc/Corefile --localip=169.254.20.10', true],
  ['nothing', '', false],
  ['flags without addresses', '-conf /etc/Corefile', false],
  ['a flag that only begins so', '-localips x', false],
  ['help', '--help', false],
  ['a subcommand', 'serve -localip 169.254.20.10', false],
])('%s', (_name, line, isRun) => {
  const args = line.split(' ').filter((word) => word !== '');
  expect(withSubcommand(args)).toEqual(isRun ? ['run', ...args] : args);
});
