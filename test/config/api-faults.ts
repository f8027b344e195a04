/**
 * Checks Kubernetes objects against the API's own description, without a cluster: each is written down as a TypeScript literal of the type that
 * the package `kubernetes-types` has generated from the OpenAPI description, and the compiler tells of every field that is unknown, missing or of
 * the wrong type. What no type says (a selector that matches nothing, say) it does not see.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KubernetesObject } from './manifest.ts';

const require = createRequire(import.meta.url);
const COMPILER = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const TYPES = dirname(require.resolve('kubernetes-types/package.json'));
const OPTIONS = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--pretty', 'false'];

/** The module that declares the kinds of an API version. */
const MODULES: Readonly<Record<string, string>> = { v1: 'core/v1', 'apps/v1': 'apps/v1' };

/** One line for each fault: which object, the line that is wrong, and the compiler's words; none when all is well. */
export function apiFaults(objects: readonly KubernetesObject[]): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-api-'));
  try {
    const files = objects.map((object, index) => {
      const file = join(directory, `${object.kind}-${index}.ts`);
      writeFileSync(file, asLiteral(object));
      return file;
    });
    return compile(files).map((line) => explain(line, directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function asLiteral(object: KubernetesObject): string {
  const module = MODULES[object.apiVersion];
  if (module === undefined) throw new Error(`no types for ${object.apiVersion}`);
  return [
    `import type { ${object.kind} } from ${JSON.stringify(join(TYPES, module))};`,
    `export const object: ${object.kind} = ${JSON.stringify(object, undefined, 2)};`,
  ].join('\n');
}

function compile(files: readonly string[]): readonly string[] {
  try {
    execFileSync(process.execPath, [COMPILER, ...OPTIONS, ...files], { encoding: 'utf8', stdio: 'pipe' });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    const faults = stdout?.split('\n').filter((line) => line.includes(': error ')) ?? [];
    if (faults.length === 0) throw error;
    return faults;
  }
}

/** `DIRECTORY/DaemonSet-0.ts(12,3): error TS2322: …` */
function explain(line: string, directory: string): string {
  const [, file, row, words] = /([^/\\]+\.ts)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
  if (file === undefined) return line;
  const wrong = readFileSync(join(directory, file), 'utf8').split('\n')[Number(row) - 1]?.trim();
  return `${file.replace(/-\d+\.ts$/, '')}: ${wrong}: ${words}`;
}
