import type { FileAccess } from '../../src/corefile/parse.ts';

/** Files that exist only here, by path. `reads` lists what was read, in order. */
export interface MemoryFiles extends FileAccess {
  readonly reads: readonly string[];
}

export function memoryFiles(contents: Readonly<Record<string, string>>): MemoryFiles {
  const reads: string[] = [];
  return {
    reads,
    read(path) {
      reads.push(path);
      const text = contents[path];
      if (text === undefined)
        throw Object.assign(new Error(`open ${path}: no such file`), { code: 'ENOENT' });
      return text;
    },
    glob(pattern) {
      const source = pattern
        .replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)
        .replaceAll('*', '[^/]*')
        .replaceAll('?', '[^/]');
      const matcher = new RegExp(`^${source}$`);
      return Object.keys(contents)
        .filter((path) => matcher.test(path))
        .toSorted();
    },
  };
}
