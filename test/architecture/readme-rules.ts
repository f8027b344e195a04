/**
 * What each folder of `src/plugins` must hold: a README in the form of a manual page, and the plugin's setup. That the README's examples
 * start is tested with the daemon, not here.
 */

/** The sections that a reader of any plugin's page finds, in their order. */
export const README_SECTIONS: readonly string[] = ['NAME', 'DESCRIPTION', 'SYNTAX', 'EXAMPLES'];

export const PLUGIN_FILES: readonly string[] = ['README.md', 'setup.ts'];

export interface PluginFolder {
  readonly name: string;
  readonly files: readonly string[];
  /** The text of its README.md; empty when there is none. */
  readonly readme: string;
}

/** What a plugin's folder lacks, one sentence each. */
export function findLacks(folder: PluginFolder): readonly string[] {
  const missing = PLUGIN_FILES.filter((file) => !folder.files.includes(file));
  const lacks = missing.map((file) => `src/plugins/${folder.name} has no ${file}`);
  if (missing.includes('README.md')) return lacks;
  const headings = topHeadings(folder.readme);
  const sections = README_SECTIONS.filter((section) => !headings.includes(section));
  return [
    ...lacks,
    ...sections.map((section) => `src/plugins/${folder.name}/README.md has no section ${section}`),
  ];
}

/** Headings of the first and second level, in capitals, in order. What stands in a fenced block is no heading. */
export function topHeadings(markdown: string): readonly string[] {
  const outside = markdown.replaceAll(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[ \t]*$/gm, '');
  return [...outside.matchAll(/^##? +(\S.*?)[ \t]*#*[ \t]*$/gm)].map((match) =>
    (match[1] ?? '').toUpperCase(),
  );
}
