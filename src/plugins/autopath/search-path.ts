/** The search path of a resolv.conf(5). */
import { normalizeZone } from '../../corefile/zone-key.ts';
import { foldInto, nameFromText } from '../../wire/name.ts';

/**
 * The domains of the last `search` or `domain` line, folded and in wire form.
 * @throws RangeError for a domain that is none
 */
export function parseSearchPath(text: string): Uint8Array[] {
  let domains: string[] = [];
  for (const line of text.split('\n')) {
    const words = line
      .split(/(?:^|\s)[#;]/, 1)[0]
      .trim()
      .split(/\s+/);
    if (words[0] === 'search') domains = words.slice(1);
    else if (words[0] === 'domain' && words.length > 1) domains = words.slice(1, 2);
  }
  return domains.flatMap((domain) => normalizeZone(domain)).map(foldedName);
}

function foldedName(text: string): Uint8Array {
  const name = nameFromText(text);
  foldInto(name, 0, name.length, name, 0);
  return name;
}
