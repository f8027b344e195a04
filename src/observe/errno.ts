/** Node's errors carry the system's code, but arrive as `unknown`. */

/** `EADDRINUSE` and the like; undefined for anything that is no such error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
