/**
 * The rooms of `src` and who may import whom, as data for `imports.test.ts`. To open a way between two rooms, add it here, with the
 * reason where it is an exception; `src/README.md` says what each room is for.
 */

export interface Room {
  /** A folder of `src`; `plugins` is the file `plugins/index.ts`, `plugins/x` each folder beside it, `main` the file `main.ts`. */
  readonly name: string;
  /** Rooms of which it may import everything. Its own is understood, but for plugins: one never imports another. */
  readonly imports: readonly string[];
  /** Rooms of which it may import types only. */
  readonly importsTypes?: readonly string[];
  /** Pure rooms do no input or output: of Node's modules and of packages they import only `PURE_MODULES` and their exceptions. */
  readonly pure?: boolean;
}

export interface Exception {
  /** The file or folder that may, below `src`. */
  readonly from: string;
  /** The room, Node module or package that it may import. */
  readonly to: string;
  readonly because: string;
}

const DATA_PATH: readonly string[] = [
  'base',
  'wire',
  'corefile',
  'pillar',
  'chain',
  'plugins',
  'plugins/x',
  'datagram',
  'upstream',
  'listen',
  'observe',
];

export const ROOMS: readonly Room[] = [
  { name: 'base', imports: [], pure: true },
  { name: 'wire', imports: ['base'], pure: true },
  { name: 'corefile', imports: ['base'], pure: true },
  { name: 'pillar', imports: ['corefile', 'base'], importsTypes: ['observe'], pure: true },
  { name: 'observe', imports: ['base'] },
  { name: 'chain', imports: ['wire', 'corefile', 'base'], importsTypes: ['observe', 'datagram'] },
  { name: 'plugins', imports: ['plugins/x', 'chain'] },
  { name: 'plugins/x', imports: ['chain', 'wire', 'corefile', 'observe', 'base'] },
  { name: 'datagram', imports: ['wire', 'base'] },
  { name: 'upstream', imports: ['datagram', 'wire', 'chain', 'observe', 'base'] },
  { name: 'listen', imports: ['datagram', 'wire', 'chain', 'observe', 'base'] },
  { name: 'serve', imports: DATA_PATH },
  {
    name: 'explain',
    imports: ['corefile', 'base'],
    importsTypes: ['serve', 'chain'],
    pure: true,
  },
  { name: 'workers', imports: ['observe', 'base'], importsTypes: ['corefile'] },
  { name: 'host', imports: ['base', 'observe'] },
  { name: 'guard', imports: ['host', 'wire', 'observe', 'base'] },
  { name: 'cli', imports: [...DATA_PATH, 'serve', 'explain', 'workers', 'host', 'guard'] },
  { name: 'main', imports: [...DATA_PATH, 'serve', 'explain', 'workers', 'host', 'guard', 'cli'] },
];

/** Modules that compute and nothing else. */
export const PURE_MODULES: readonly string[] = ['node:path'];

export const EXCEPTIONS: readonly Exception[] = [
  {
    from: 'plugins/forward',
    to: 'upstream',
    because: 'forward is what turns a query into an exchange with a resolver',
  },
  {
    from: 'corefile/hash.ts',
    to: 'node:crypto',
    because: 'hashing the bytes it is given computes and nothing else',
  },
  {
    from: 'pillar/files',
    to: 'node:fs',
    because:
      'reads and watches what a Corefile is made of, and writes the result; the rest of the room only computes',
  },
  {
    from: 'base/port-holder.ts',
    to: 'node:fs',
    because: 'reads /proc to name the process that holds a port',
  },
  {
    from: 'base/pattern.ts',
    to: 'node:module',
    because: 'loads the engine below with the first pattern, since most Corefiles have none',
  },
  {
    from: 'base/pattern.ts',
    to: 're2js',
    because: 'the linear-time engine for regular expressions computes and nothing else',
  },
];
