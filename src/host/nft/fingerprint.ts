/**
 * Tells one text from another by 16 hexadecimal digits, to recognise rules that a former process put. It keeps nobody out who wants to deceive:
 * whoever may write a rule's comment may write the rules. FNV-1a over two halves instead of SHA-256, since `node:crypto` would cost the guard
 * half a megabyte of memory for this alone.
 */
const PRIME = 0x01000193;
const OFFSET_BASIS = 0x811c9dc5;

export function fingerprint(text: string): string {
  const octets = Buffer.from(text);
  return [OFFSET_BASIS, ~OFFSET_BASIS].map((basis) => hex(fnv1a(octets, basis))).join('');
}

function fnv1a(octets: Uint8Array, basis: number): number {
  let hash = basis;
  for (const octet of octets) hash = Math.imul(hash ^ octet, PRIME);
  return hash >>> 0;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
