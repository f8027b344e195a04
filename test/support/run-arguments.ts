/**
 * What stands behind `npm test --`: our own option, and everything else for vitest, untouched and in order.
 */
export interface RunArguments {
  /** Install the Debian packages that the tests need. */
  readonly install: boolean;
  readonly vitest: readonly string[];
}

const INSTALL = '--install';

export const parseRunArguments = (args: readonly string[]): RunArguments => ({
  install: args.includes(INSTALL),
  vitest: args.filter((arg) => arg !== INSTALL),
});
