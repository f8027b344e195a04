/** Reading single values out of what a command line gave. */
import type { FlagValues } from './plain-flags.ts';

/** Undefined for one that was not given and has no default. */
export function textOf(values: FlagValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** Of a flag that has a default; empty where the table says otherwise. */
export const textOrEmpty = (values: FlagValues, name: string): string => textOf(values, name) ?? '';

export const isOn = (values: FlagValues, name: string): boolean => values[name] === true;
