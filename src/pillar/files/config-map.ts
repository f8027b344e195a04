/**
 * A ConfigMap as the kubelet mounts it: a directory of files, each a link through `..data` to the directory of the present version; a new
 * version comes by one rename of `..data`. So all keys are read from one version, and when it changes meanwhile, from the next one. Plain
 * directories are read as they are. What the keys mean is decided elsewhere.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../base/error-message.ts';

/** The kubelet takes seconds between versions. */
const MOST_TRIES = 3;
const VERSION_LINK = '..data';

/**
 * @returns the octets of each of these keys that there is
 * @throws {Error} when the directory or a file in it cannot be read
 */
export function readConfigMap(directory: string, keys: readonly string[]): ReadonlyMap<string, Uint8Array> {
  for (let tries = 1; ; tries++) {
    const version = versionOf(directory);
    const data = new Map<string, Uint8Array>();
    for (const key of keys) {
      const octets = readIfThere(join(version, key));
      if (octets !== undefined) data.set(key, octets);
    }
    if (tries === MOST_TRIES || versionOf(directory) === version) return data;
  }
}

/** The directory that holds the files themselves. @throws {Error} without a directory */
function versionOf(directory: string): string {
  try {
    return realpathSync(join(directory, VERSION_LINK));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return realpathSync(directory);
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
