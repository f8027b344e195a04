/** What a caught value has to say: `catch` gives `unknown`, and not everything thrown is an Error. */

export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** The system's code of an error, such as ENOENT; undefined for errors without. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
}
