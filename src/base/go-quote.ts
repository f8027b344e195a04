// How Go prints a string between double quotes. Error texts that operators grep for come from Go programs, so the
// quotes in ours have to look the same. Nothing here reads quoted text back.

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Quotes `text` as Go's `strconv.Quote` (and the verb `%q`): printable Unicode stays, everything else is escaped. */
export function goQuote(text: string): string {
  let quoted = '';
  for (const character of text) quoted += NAMED_ESCAPES.get(character) ?? escapeUnlessPrintable(character);
  return `"${quoted}"`;
}

/** Quotes `text` as Go's package `time` does in its errors: every byte outside printable ASCII becomes `\xNN`. */
export function goQuoteBytes(text: string): string {
  let quoted = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte >= 0x80) quoted += `\\x${hex(byte, 2)}`;
    else quoted += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return `"${quoted}"`;
}

function escapeUnlessPrintable(character: string): string {
  if (PRINTABLE.test(character)) return character;
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint < 0x80) return `\\x${hex(codePoint, 2)}`;
  return codePoint < 0x1_0000 ? `\\u${hex(codePoint, 4)}` : `\\U${hex(codePoint, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
