/** A ConfigMap in a directory, put there and changed as the kubelet does it: by one rename of the link `..data`. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const DATA = '..data';

/** Replaces everything that the volume holds. The order of the steps is the kubelet's. */
export function writeVolume(directory: string, data: Readonly<Record<string, string | Uint8Array>>): void {
  mkdirSync(directory, { recursive: true });
  const former = versionOf(directory);
  const version = mkdtempSync(join(directory, '..version_'));
  for (const [key, text] of Object.entries(data)) writeFileSync(join(version, key), text);
  chmodSync(version, 0o755);
  const fresh = join(directory, '..data_tmp');
  symlinkSync(version.slice(directory.length + 1), fresh);
  renameSync(fresh, join(directory, DATA));
  const visible = readdirSync(directory).filter((name) => !name.startsWith('..'));
  for (const key of Object.keys(data).filter((name) => !visible.includes(name))) {
    symlinkSync(join(DATA, key), join(directory, key));
  }
  for (const key of visible.filter((name) => !(name in data))) rmSync(join(directory, key));
  if (former !== undefined) rmSync(join(directory, former), { recursive: true });
}

function versionOf(directory: string): string | undefined {
  try {
    return readlinkSync(join(directory, DATA));
  } catch {
    return undefined;
  }
}
