/**
 * The grammar of Corefiles and the messages about it, whole and in one place: each row is loaded as the daemon loads a file, and nothing is
 * bound. What directives do once they are loaded is tested with their plugins.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { examine } from '../../src/cli/check.ts';
import type { Findings } from '../../src/cli/check.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import { KNOWN_DIRECTIVES, PLUGINS } from '../../src/plugins/index.ts';
import { tempDirectory } from '../support/temp-file.ts';
import { TABLE } from './table.ts';
import type { Row } from './row.ts';

const FLAGS = {
  dnsPort: 53,
  localAddresses: [],
  kubeDnsDirectory: undefined,
  upstreamService: 'kube-dns',
  clusterDomain: undefined,
  prometheusAddress: ':9253',
};

/** The text's findings, without the names of directories. */
function load({ text, files = {}, environment = {} }: Row): Findings {
  const directory = tempDirectory();
  const file = join(directory, 'Corefile');
  for (const [name, content] of Object.entries({ ...files, Corefile: text })) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content.replaceAll('DIRECTORY', directory));
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    const findings = examine(file, FLAGS, []);
    return JSON.parse(
      JSON.stringify(findings)
        .replaceAll(/Glob pattern [^"]*/g, (message) => message.replaceAll(directory, 'DIRECTORY'))
        .replaceAll(`${directory}/`, ''),
    ) as Findings;
  } finally {
    vi.unstubAllEnvs();
  }
}

const readAs = ({ blocks }: Explanation): string =>
  blocks
    .map(
      ({ keys, directives }) =>
        `${keys.join(' ')}: ${directives.map(({ words }) => words.join(' ')).join('; ')}`,
    )
    .join(' | ');

const zonesOf = ({ blocks }: Explanation): string =>
  blocks.flatMap(({ zones }) => zones.map(({ zone, port }) => `${zone}:${port}`)).join(' ');

describe.each(Object.entries(TABLE))('%s', (_topic, rows) => {
  it.each(rows)('$rule', (row) => {
    const { error, warnings, explanation } = load(row);
    const said = warnings.filter(({ code }) => code === 'setup').map(({ message }) => message);
    expect({ error, said }).toEqual({ error: row.says, said: row.warns ?? [] });
    if (row.reads !== undefined) expect(explanation && readAs(explanation)).toBe(row.reads);
    if (row.serves !== undefined) expect(explanation && zonesOf(explanation)).toBe(row.serves);
  });
});

describe('the table', () => {
  it('has rows for each plugin, accepted and, where anything can be wrong, refused ones', () => {
    for (const { name } of PLUGINS) {
      const rows = TABLE[name] ?? [];
      expect(
        rows.some(({ says }) => says === undefined),
        name,
      ).toBe(true);
      expect(
        rows.some(({ says }) => says !== undefined),
        name,
      ).toBe(true);
    }
  });

  it('has a row for each directive of CoreDNS that is not here', () => {
    const missing = [...KNOWN_DIRECTIVES].filter((name) => !PLUGINS.some((plugin) => plugin.name === name));
    expect(TABLE['directives that are not here'].map(({ rule }) => rule).toSorted()).toEqual(
      missing.toSorted(),
    );
  });

  it('names each row once', () => {
    for (const [topic, rows] of Object.entries(TABLE)) {
      const names = rows.map(({ rule }) => rule);
      expect(names, topic).toEqual([...new Set(names)]);
    }
  });
});
