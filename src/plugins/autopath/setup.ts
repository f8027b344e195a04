/** `autopath`: reads the directive, and the file that it names. */
import { readFileSync } from 'node:fs';
import { messageOf } from '../../base/error-message.ts';
import { goQuote } from '../../base/go-quote.ts';
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { zonesFromArgs } from '../../chain/zones.ts';
import { unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { AutopathHandler } from './autopath.ts';
import type { AutopathOptions } from './autopath.ts';
import { parseSearchPath } from './search-path.ts';

/** Errors of the system as Go words them; for others ours has to do. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

export const autopath: Plugin = {
  name: 'autopath',
  setup(cursor, context): MakeHandler {
    let options: AutopathOptions = { zones: [], search: [] };
    while (cursor.next()) options = readLine(cursor, context);
    return (next) => new AutopathHandler(next, options, context);
  },
};

/** `autopath [ZONE...] RESOLV-CONF`; of several lines the last one counts, as in CoreDNS. */
function readLine(cursor: Cursor, context: SetupContext): AutopathOptions {
  const args = cursor.remainingArgs();
  const path = args.pop();
  if (path === undefined) throw new RangeError('no resolv-conf specified');
  if (path.startsWith('@')) {
    throw cursor.error(`${path} is not supported: only a file with a search path, such as /etc/resolv.conf`);
  }
  if (cursor.nextBlock()) throw unknownProperty(cursor);
  return { zones: zonesFromArgs(args, context), search: readSearchPath(path) };
}

function readSearchPath(path: string): Uint8Array[] {
  try {
    return parseSearchPath(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new RangeError(`failed to parse ${goQuote(path)}: ${reasonOf(cause, path)}`, { cause });
  }
}

function reasonOf(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code];
  return reason === undefined ? messageOf(error) : `open ${path}: ${reason}`;
}
