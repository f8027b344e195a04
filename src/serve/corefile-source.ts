/**
 * Where a configuration comes from: a file, standard input, a template, or the default that the package carries. How a template is filled in
 * is the room `pillar`'s.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codeOf, messageOf } from '../base/error-message.ts';
import { parseCorefile } from '../corefile/parse.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import { parseZoneKey } from '../corefile/zone-key.ts';
import type { Log } from '../observe/log-types.ts';
import type { Metrics } from '../observe/metric-types.ts';
import { TemplatedCorefile } from '../pillar/files/templated-corefile.ts';
import type { TemplateSettings } from '../pillar/files/templated-corefile.ts';
import { KNOWN_DIRECTIVES } from '../plugins/index.ts';
import { NODE_FILES } from './node-files.ts';

export interface CorefileSource {
  /** As given by the user; stands in every error. */
  readonly file: string;
  /** Set for the embedded default (see `SetupContext.lenient`). */
  readonly lenient: boolean;
  /** Directories to be watched, beside what the `reload` plugin looks at. */
  readonly directories: readonly string[];
  /** The address of the upstream Service, where a template asks for it. */
  readonly serviceAddress?: string | undefined;
  /** Has another one from now on. */
  moveService?(address: string): void;
  /** As it is now. @throws Error */
  text(): string;
}

const STDIN = 0;

/** `undefined` stands for the embedded default, `stdin` for standard input. */
export function corefileSource(file: string | undefined): CorefileSource {
  if (file === undefined) {
    const embedded = fileURLToPath(new URL('../../config/Corefile', import.meta.url));
    return { ...plainFile(embedded), lenient: true };
  }
  if (file !== 'stdin') return plainFile(file);
  // It cannot be read twice.
  const text = readFileSync(STDIN, 'utf8');
  return { file: '/dev/stdin', lenient: false, directories: [], text: () => text };
}

/** Reads nothing yet. */
export function templateSource(settings: TemplateSettings, log: Log, metrics: Metrics): CorefileSource {
  return new TemplatedCorefile(settings, {
    environment: process.env,
    log,
    metrics,
    zonesOf: (file, text) => zonesOf(file, text, settings.dnsPort),
  });
}

/**
 * Reads and parses the source as it is now.
 * @throws CorefileError, or Error when the file cannot be read or holds no server block.
 */
export function readCorefile(source: CorefileSource, warn: (message: string) => void): ServerBlock[] {
  const blocks = parse(source.file, source.text(), warn);
  // CoreDNS would serve `whoami` on every address then; a file caught half written must not do that to a node.
  if (blocks.length === 0) throw new Error(`${source.file}:1 - Error during parsing: no server block found`);
  return blocks;
}

const plainFile = (file: string): CorefileSource => ({
  file,
  lenient: false,
  directories: [],
  text: () => readText(file),
});

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'no such file or directory' : messageOf(error);
    throw new Error(`loading Corefile: open ${file}: ${reason}`, { cause: error });
  }
}

const parse = (file: string, text: string, warn: (message: string) => void): ServerBlock[] =>
  parseCorefile({
    file,
    text,
    directives: KNOWN_DIRECTIVES,
    environment: process.env,
    files: NODE_FILES,
    warn,
  });

/** `zone:port` of all server blocks; none for a text that cannot be read, since whoever reads it next says so. */
function zonesOf(file: string, text: string, defaultPort: number): ReadonlySet<string> {
  try {
    const keys = parse(file, text, () => undefined).flatMap((block) => block.keys);
    const zones = keys.flatMap((key) => parseZoneKey(key, defaultPort));
    return new Set(zones.map(({ zone, port }) => `${zone}:${port}`));
  } catch {
    return new Set();
  }
}
