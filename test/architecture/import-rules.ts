/**
 * Reads the imports of source files and says which of them the table of rooms forbids. It works on texts, so that its own test can
 * give it sources that break each rule. A regular expression is enough of a parser here: the formatter gives every import one shape.
 */
import { posix } from 'node:path';
import { EXCEPTIONS, PURE_MODULES, ROOMS } from './rooms.ts';
import type { Room } from './rooms.ts';

export interface SourceFile {
  /** Below `src`, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  /** `import type` or `export type`: nothing of it is left at run time. */
  readonly typesOnly: boolean;
  readonly line: number;
}

/** `import … from '…'`, `import '…'` and `export … from '…'` at the start of a line, over as many lines as it takes. */
const STATIC_IMPORT =
  /^(?:import|export)\b(\s+type\b(?!\s*,|\s+from\b))?(?:\s*[\w$*{][^;'"]*?\bfrom)?\s*(['"])([^'"]+)\2/gm;
const DYNAMIC_IMPORT = /^(?!\s*(?:\/\/|\*|\/\*)).*?\bimport\(\s*(['"])([^'"]+)\1/gm;

/** All imports of a source text, in order. */
export function importsOf(text: string): readonly Import[] {
  const lineAt = (index: number): number => text.slice(0, index).split('\n').length;
  const fixed = [...text.matchAll(STATIC_IMPORT)].map((match) => ({
    specifier: match[3] ?? '',
    typesOnly: match[1] !== undefined,
    line: lineAt(match.index),
  }));
  const dynamic = [...text.matchAll(DYNAMIC_IMPORT)].map((match) => ({
    specifier: match[2] ?? '',
    typesOnly: false,
    line: lineAt(match.index),
  }));
  return [...fixed, ...dynamic].toSorted((a, b) => a.line - b.line);
}

/** The room that a file stands in, or undefined when the table has none for it. */
export function roomOf(path: string): Room | undefined {
  return ROOMS.find((room) => room.name === roomNameOf(path));
}

function roomNameOf(path: string): string {
  if (path === 'main.ts') return 'main';
  if (path === 'plugins/index.ts') return 'plugins';
  const [folder = '', ...rest] = path.split('/');
  if (rest.length === 0) return '';
  if (folder !== 'plugins') return folder;
  return rest.length > 1 ? 'plugins/x' : '';
}

/** What is wrong with the imports of these files, one sentence each; empty when all is well. */
export function findViolations(files: readonly SourceFile[]): readonly string[] {
  const single = files.flatMap((file) =>
    roomOf(file.path) === undefined
      ? [`src/${file.path}: this place is in no room of test/architecture/rooms.ts`]
      : importsOf(file.text).flatMap((found) => {
          const wrong = judge(file.path, found);
          return wrong === undefined ? [] : [`src/${file.path}:${found.line}: ${wrong}`];
        }),
  );
  return [...single, ...findCycles(files).map((cycle) => `import cycle: ${cycle.join(' → ')}`)];
}

/** What is wrong with one import, or undefined. */
function judge(path: string, found: Import): string | undefined {
  const room = roomOf(path);
  if (room === undefined) return undefined;
  const { specifier } = found;
  if (!specifier.startsWith('.')) return judgeModule(path, room, specifier);
  if (!specifier.endsWith('.ts')) return `'${specifier}' does not end in .ts`;
  const target = targetOf(path, specifier);
  if (target.startsWith('../')) return `'${specifier}' leaves src`;
  return judgeTarget(path, room, target, found.typesOnly);
}

function judgeModule(path: string, room: Room, specifier: string): string | undefined {
  if (room.pure !== true || PURE_MODULES.includes(specifier) || isExcepted(path, specifier)) return undefined;
  return `${room.name} does no input or output, and may not import '${specifier}'`;
}

function judgeTarget(path: string, room: Room, target: string, typesOnly: boolean): string | undefined {
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) return `'${target}' is in no room of test/architecture/rooms.ts`;
  if (room === targetRoom) {
    if (room.name !== 'plugins/x' || pluginOf(path) === pluginOf(target)) return undefined;
    return `plugin ${pluginOf(path)} may not import plugin ${pluginOf(target)}`;
  }
  if (room.imports.includes(targetRoom.name) || isExcepted(path, targetRoom.name)) return undefined;
  const nameOfPlace = room.name === 'plugins/x' ? `plugin ${pluginOf(path)}` : room.name;
  if (room.importsTypes?.includes(targetRoom.name) !== true) {
    return `${nameOfPlace} may not import ${targetRoom.name} ('${target}')`;
  }
  return typesOnly ? undefined : `${nameOfPlace} may import only types of ${targetRoom.name} ('${target}')`;
}

const pluginOf = (path: string): string | undefined => path.split('/')[1];

const isExcepted = (path: string, to: string): boolean =>
  EXCEPTIONS.some(
    (exception) => exception.to === to && (path === exception.from || path.startsWith(`${exception.from}/`)),
  );

const targetOf = (path: string, specifier: string): string => posix.join(posix.dirname(path), specifier);

/** Every cycle once, as paths that begin and end with the same file. Imports of types count: they bind readers as others do. */
function findCycles(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      importsOf(file.text)
        .filter((found) => found.specifier.startsWith('.'))
        .map((found) => targetOf(file.path, found.specifier)),
    ]),
  );
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) cycles.push([...trail.slice(start), path]);
    if (start !== -1 || done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const file of files) visit(file.path, []);
  return cycles;
}
