import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLacks, topHeadings } from './readme-rules.ts';
import type { PluginFolder } from './readme-rules.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', 'src', 'plugins');

const pluginFolders = (): PluginFolder[] =>
  readdirSync(PLUGINS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const readme = join(PLUGINS, name, 'README.md');
      return {
        name,
        files: readdirSync(join(PLUGINS, name)),
        readme: existsSync(readme) ? readFileSync(readme, 'utf8') : '',
      };
    });

const README = '# NAME\n\ncache - keeps answers\n\n## DESCRIPTION\n\n## SYNTAX\n\n## EXAMPLES\n';
const cache = (changes: Partial<PluginFolder>): PluginFolder => ({
  name: 'cache',
  files: ['README.md', 'setup.ts', 'cache.ts'],
  readme: README,
  ...changes,
});

describe('the folders of src/plugins', () => {
  it('are found at all', () => {
    expect(pluginFolders()).not.toEqual([]);
  });

  it('have a setup and a README with every section', () => {
    expect(pluginFolders().flatMap(findLacks)).toEqual([]);
  });
});

describe('a plugin folder', () => {
  it('with all of it lacks nothing', () => {
    expect(findLacks(cache({}))).toEqual([]);
  });

  it('without a README lacks that, and no sections besides', () => {
    expect(findLacks(cache({ files: ['setup.ts'], readme: '' }))).toEqual([
      'src/plugins/cache has no README.md',
    ]);
  });

  it('without a setup lacks that', () => {
    expect(findLacks(cache({ files: ['README.md'] }))).toEqual(['src/plugins/cache has no setup.ts']);
  });

  it.each(['NAME', 'DESCRIPTION', 'SYNTAX', 'EXAMPLES'])('without the section %s lacks it', (section) => {
    expect(findLacks(cache({ readme: README.replace(section, 'OTHER') }))).toEqual([
      `src/plugins/cache/README.md has no section ${section}`,
    ]);
  });
});

describe('the headings of a README', () => {
  it('count in any case, with one mark or two', () => {
    expect(topHeadings('# Name\n## syntax\n')).toEqual(['NAME', 'SYNTAX']);
  });

  it('do not count below the second level, inside a line, or in a fenced block', () => {
    expect(topHeadings('### NAME\nsee ## NAME\n```corefile\n# NAME\n```\n~~~\n# SYNTAX\n~~~\n')).toEqual([]);
  });
});
