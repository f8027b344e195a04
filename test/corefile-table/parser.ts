/** How words become server blocks and directives (reference, sections 2.2 and 2.3). */
import type { Row } from './row.ts';

export const PARSER: readonly Row[] = [
  { rule: 'keys on one line', text: 'a.test b.test {\nlog\n}', reads: 'a.test b.test: log' },
  { rule: 'keys with commas', text: 'a.test, b.test {\nlog\n}', reads: 'a.test b.test: log' },
  {
    rule: 'a comma goes on with the next line',
    text: 'a.test,\nb.test {\nlog\n}',
    reads: 'a.test b.test: log',
  },
  { rule: 'an empty key is none', text: '"" a.test {\nlog\n}', reads: 'a.test: log' },
  {
    rule: 'no brace behind a comma',
    text: 'a.test, {\nlog\n}',
    says: "Corefile:1 - Error during parsing: Expected another address but had '{' - check for extra comma",
  },
  {
    rule: 'no end behind a comma',
    text: 'a.test,',
    says: 'Corefile:1 - Error during parsing: Unexpected EOF',
  },
  { rule: 'the brace on a line of its own', text: '.\n{\nlog\n}', reads: '.: log' },
  { rule: 'a block without braces goes to the end', text: '.\nlog\nerrors\n', reads: '.: log; errors' },
  { rule: 'or to a stray brace', text: '.\nlog\n}\n', reads: '.: log' },
  {
    rule: 'and takes what follows for directives',
    text: 'a.test\nlog\nb.test {\nlog\n}',
    says: "Corefile:3 - Error during parsing: Unknown directive 'b.test'",
  },
  { rule: 'several blocks', text: 'a.test {\nlog\n}\nb.test {\nlog\n}', reads: 'a.test: log | b.test: log' },
  {
    rule: 'the closing brace on the line of a directive',
    text: '. { whoami }',
    says: "Corefile:1 - Error during parsing: Unexpected '}' because no matching opening brace",
  },
  { rule: 'a directive on the line of the opening brace', text: '. { whoami\n}', reads: '.: whoami' },
  { rule: 'an empty block of a plugin', text: '. {\ncache { }\n}', reads: '.: cache' },
  { rule: 'a plugin’s block on one line', text: '. {\nerrors { stacktrace }\n}', reads: '.: errors' },
  {
    rule: 'whose last option takes the brace for an argument',
    text: '. {\ncache { success 100 }\n}',
    says: 'plugin/cache: Corefile:2 - Error during parsing: strconv.Atoi: parsing "}": invalid syntax',
  },
  {
    rule: 'a plugin’s block that is not closed',
    text: '. {\ncache {\nsuccess 100\n',
    says: 'Corefile:3 - Error during parsing: Unexpected EOF',
  },
  {
    rule: 'a server block that is not closed',
    text: '. {\nlog',
    says: "Corefile:2 - Syntax error: Unexpected token 'log', expecting '}'",
  },
  {
    rule: 'a server block that a plugin’s brace closes',
    text: '. {\ncache {\nsuccess 100\n}\n',
    reads: '.: cache',
  },
  {
    rule: 'repeated directives are set up together',
    text: '. {\nlog a\nerrors\nlog b\n}',
    reads: '.: log a; log b; errors',
  },
  {
    rule: 'order does not matter',
    text: '. {\nforward . 192.0.2.1\ncache\n}',
    reads: '.: forward . 192.0.2.1; cache',
  },
  {
    rule: 'a word that is no directive',
    text: '. {\nlog\nwhoareyou\n}',
    says: "Corefile:3 - Error during parsing: Unknown directive 'whoareyou'",
  },
  {
    rule: 'directives are in lower case',
    text: '. {\nLog\n}',
    says: "Corefile:2 - Error during parsing: Unknown directive 'Log'",
  },
  {
    rule: 'no server block (CoreDNS serves whoami then, on all addresses)',
    text: '# nothing\n',
    says: 'Corefile:1 - Error during parsing: no server block found',
  },
  {
    rule: 'snippets only',
    text: '(s) {\nlog\n}\n',
    says: 'Corefile:1 - Error during parsing: no server block found',
  },
  {
    rule: 'the place of an error in a block within a block',
    text: '. {\nlog . {\nclass\n}\n}',
    says: "plugin/log: Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'class'",
  },
  {
    rule: 'the brace where an argument is expected',
    text: '. {\nforward {\n}\n}',
    says: "plugin/forward: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'forward'",
  },
];

export const ENVIRONMENT: readonly Row[] = [
  {
    rule: 'in a key',
    text: '{$ZONE}:53 {\nlog\n}',
    environment: { ZONE: 'a.test' },
    reads: 'a.test:53: log',
  },
  {
    rule: 'in a key, as one word',
    text: '{$ZONE} {\nlog\n}',
    environment: { ZONE: 'a.test b.test' },
    reads: 'a.test b.test: log',
  },
  { rule: 'as a directive', text: '. {\n{$NAME}\n}', environment: { NAME: 'whoami' }, reads: '.: whoami' },
  {
    rule: 'in quotes',
    text: '. {\nlog "{%ZONE%}"\n}',
    environment: { ZONE: 'a.test' },
    reads: '.: log a.test',
  },
  {
    rule: 'a value that names another variable',
    text: '. {\nlog {$ONE}\n}',
    environment: { ONE: '{$TWO}', TWO: 'a.test' },
    reads: '.: log a.test',
  },
  {
    rule: 'a variable that is not set is an empty word, with a warning',
    text: '. {\nforward . {$NODELOCALDNS_TEST_NOTHING}\n}',
    says: 'plugin/forward: Corefile:2 - Error during parsing: not an IP address, file, or valid domain: ""',
    warns: [
      'Corefile:2: the environment variable NODELOCALDNS_TEST_NOTHING is not set, and nothing stands in its place',
    ],
  },
  {
    rule: 'a marker without a name stays',
    text: '. {\nlog {$} {%%}\n}',
    reads: '.: log {$} {%%}',
    warns: [
      `plugin/log: Corefile:2: '{$}' is taken for a name; a format needs one in front of it, such as "."`,
    ],
  },
  {
    rule: 'a value that names itself',
    text: '. {\nlog {$SELF}\n}',
    environment: { SELF: '{$SELF}' },
    says: "Corefile:2 - Error during parsing: Too many environment substitutions, last '{$SELF}': does its value refer to itself?",
  },
];
