/** What `import` brings (reference, section 2.2). */
import type { Row } from './row.ts';

export const IMPORTS: readonly Row[] = [
  { rule: 'a snippet', text: '(s) {\nlog a\n}\n. {\nimport s\n}', reads: '.: log a' },
  {
    rule: 'a snippet in a plugin’s block',
    text: '(s) {\nsuccess 100\n}\n. {\ncache {\nimport s\n}\n}',
    reads: '.: cache',
  },
  {
    rule: 'a file beside the Corefile',
    text: '. {\nimport extra\n}',
    files: { extra: 'log a\n' },
    reads: '.: log a',
  },
  {
    rule: 'a file of server blocks',
    text: 'import more\n. {\nlog\n}',
    files: { more: 'a.test {\nlog\n}\n' },
    reads: 'a.test: log | .: log',
  },
  {
    rule: 'files by a pattern, in their order',
    text: '. {\nimport *.part\n}',
    files: { 'b.part': 'log b\n', 'a.part': 'log a\n' },
    reads: '.: log a; log b',
  },
  {
    rule: 'a variable in its name',
    text: '. {\nimport {$WHAT}\n}',
    environment: { WHAT: 'extra' },
    files: { extra: 'log a' },
    reads: '.: log a',
  },
  { rule: 'a mere argument of that name', text: '. {\nlog import extra\n}', reads: '.: log import extra' },
  {
    rule: 'a pattern that finds nothing',
    text: '. {\nimport *.part\nlog\n}',
    reads: '.: log',
    warns: ['No files matching import glob pattern: *.part'],
  },
  {
    rule: 'a file that is not there',
    text: '. {\nimport extra\n}',
    says: 'Corefile:2 - Error during parsing: File to import not found: extra',
  },
  {
    rule: 'two patterns in one name',
    text: '. {\nimport *.d/*\n}',
    says: 'Corefile:2 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: DIRECTORY/*.d/*',
  },
  {
    rule: 'no argument',
    text: '. {\nimport\n}',
    says: "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'import'",
  },
  {
    rule: 'two arguments',
    text: '. {\nimport a b\n}',
    says: 'Corefile:2 - Error during parsing: Import takes only one argument (glob pattern or file)',
  },
  {
    rule: 'an empty argument',
    text: '. {\nimport ""\n}',
    says: 'Corefile:2 - Error during parsing: Import requires a non-empty filepath',
  },
  {
    rule: 'a snippet twice',
    text: '(s) {\nlog\n}\n(s) {\nlog\n}\n. {\nimport s\n}',
    says: 'Corefile:4 - Error during parsing: redeclaration of previously declared snippet s',
  },
  {
    rule: 'a snippet that imports itself',
    text: '(s) {\nimport s\n}\n. {\nimport s\n}',
    says: 'Corefile:3 - Error during parsing: maximum snippet import depth (10000) exceeded',
  },
  {
    rule: 'a snippet before it is there',
    text: '. {\nimport s\n}\n(s) {\nlog\n}',
    says: 'Corefile:2 - Error during parsing: File to import not found: s',
  },
  {
    rule: 'an error in what was imported has its place',
    text: '. {\nimport extra\n}',
    files: { extra: 'log\nwhoareyou\n' },
    says: "extra:2 - Error during parsing: Unknown directive 'whoareyou'",
  },
  {
    rule: 'a file by its whole path',
    text: '. {\nimport DIRECTORY/extra\n}',
    files: { extra: 'log a' },
    reads: '.: log a',
  },
  {
    rule: 'a file relative to the file that imports it',
    text: '. {\nimport sub/one\n}',
    files: { 'sub/one': 'import two\n', 'sub/two': 'log a\n' },
    reads: '.: log a',
  },
  {
    rule: 'a set in a pattern',
    text: '. {\nimport [ab].part\n}',
    says: 'Corefile:2 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: DIRECTORY/[ab].part',
  },
];
