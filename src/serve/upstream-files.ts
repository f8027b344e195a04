/**
 * The files that `forward` reads when it is set up: lists of name servers in the form of resolv.conf(5), certificates. What they hold is part of a
 * configuration without being part of its text, so a reload has to ask for it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { codeOf } from '../base/error-message.ts';
import type { ServerBlock } from '../corefile/parse.ts';

/** One number for what is in them now; the same as long as they are. A file that cannot be read counts by the reason. */
export function upstreamFilesHash(blocks: readonly ServerBlock[]): string {
  const hash = createHash('sha256');
  for (const path of pathsIn(blocks)) hash.update(path).update('\0').update(contentOf(path)).update('\0');
  return hash.digest('hex');
}

function pathsIn(blocks: readonly ServerBlock[]): string[] {
  const words = blocks.flatMap((block) => block.directives.get('forward') ?? []);
  const paths = words.map(({ text }) => text).filter((text) => text.startsWith('/') || isFile(text));
  return [...new Set(paths)];
}

/** A path need not begin at the root. */
function isFile(text: string): boolean {
  try {
    return statSync(text).isFile();
  } catch {
    return false;
  }
}

function contentOf(path: string): Uint8Array | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return codeOf(error) ?? '';
  }
}
