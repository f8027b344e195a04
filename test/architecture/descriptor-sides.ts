/**
 * Who opens files by descriptor, and on which side. The main thread of `serve` has a table of descriptors of its own, and so have the threads in
 * which `node:fs` works for callbacks and promises (`cli/sockets-end-first.ts`): a number that one of them has got means something else to
 * the other, or a client's socket. So whoever opens on one side reads, writes and closes there. What takes a path is at home on either, and
 * is not looked at.
 */

type Side = 'main' | 'threads';

export interface DescriptorUse {
  /** Below `src`. */
  readonly file: string;
  /** Of `node:fs` and `node:fs/promises`, what the file imports that makes, takes or ends a descriptor. */
  readonly imports: readonly string[];
  /** Where one file has both sides, or gives its descriptor to another: why that is right. */
  readonly because?: string;
}

export const DESCRIPTOR_USES: readonly DescriptorUse[] = [
  { file: 'base/port-holder.ts', imports: ['closeSync', 'openSync', 'readSync'] },
  { file: 'cli/memory-holder.ts', imports: ['closeSync'] },
  {
    file: 'cli/sockets-end-first.ts',
    imports: ['close', 'fstatSync'],
    because:
      'looks at one before the tables part, and closes it in that of the threads, so that the main thread alone has it',
  },
  { file: 'observe/descriptors.ts', imports: ['closeSync', 'openSync'] },
  {
    file: 'observe/log-output.ts',
    imports: ['fstatSync', 'openSync'],
    because: 'opened once, before the tables part: it has the same number in both, and nobody closes it',
  },
  { file: 'observe/numbers-file.ts', imports: ['open'] },
  {
    file: 'observe/ring.ts',
    imports: ['write', 'writeSync'],
    because: 'writes to what log-output.ts has opened before the tables part',
  },
  { file: 'plugins/hosts/hosts-source.ts', imports: ['open'] },
];

/** What `serve` never loads. */
const ELSEWHERE = ['host/', 'guard/'];

/** Has its reasons to hide what it uses: it runs, and ends, before anything else of `node:fs` is loaded. */
export const HIDES: readonly string[] = ['cli/heap-settings.ts'];

/** Without `Sync`: what makes, takes or ends a descriptor. */
const CALLS: ReadonlySet<string> = new Set([
  'open',
  'opendir',
  'close',
  'read',
  'readv',
  'write',
  'writev',
  'createReadStream',
  'createWriteStream',
  'fstat',
  'fsync',
  'fdatasync',
  'ftruncate',
  'fchmod',
  'fchown',
  'futimes',
  'openAsBlob',
]);

const NAMED = /^import \{([^}]*)\} from 'node:fs(?:\/promises)?';/gm;
const ANY = /(?:\bfrom |\bimport\(|\brequire\(|getBuiltinModule\()'(?:node:)?fs(?:\/promises)?'/g;
const TYPES = /^import type /gm;

export interface Found {
  readonly imports: readonly string[];
  /** An import that hides what is used of the module. */
  readonly isHidden: boolean;
}

export function descriptorImports(text: string): Found {
  const code = text.replaceAll(/^import type [^;]*;/gm, '').replaceAll(TYPES, '');
  const named = [...code.matchAll(NAMED)];
  const names = named.flatMap(([, list = '']) =>
    list.split(',').map((name) => name.trim().replace(/ as .*/, '')),
  );
  return {
    imports: names.filter((name) => CALLS.has(name.replace(/Sync$/, ''))).toSorted(),
    isHidden: [...code.matchAll(ANY)].length > named.length,
  };
}

export const sidesOf = (imports: readonly string[]): ReadonlySet<Side> =>
  new Set(imports.map((name) => (name.endsWith('Sync') ? 'main' : 'threads')));

export const mayBeInServe = (file: string): boolean => !ELSEWHERE.some((room) => file.startsWith(room));
