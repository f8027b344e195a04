/** What a call of the C library failed with, as the error that Node would give for it. */
import { getSystemErrorMap } from 'node:util';

/** @param syscall such as `bind` */
export function systemError(errno: number, syscall: string): NodeJS.ErrnoException {
  const [code = 'UNKNOWN', message = `system error ${errno}`] = getSystemErrorMap().get(-errno) ?? [];
  return Object.assign(new Error(message), { code, errno: -errno, syscall });
}
