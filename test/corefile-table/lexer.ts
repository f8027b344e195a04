/** How a text is cut into words (reference, section 2.1). */
import type { Row } from './row.ts';

export const LEXER: readonly Row[] = [
  { rule: 'a byte order mark is dropped', text: '\uFEFF. {\nwhoami\n}', reads: '.: whoami' },
  { rule: 'any space of Unicode separates', text: '.\u2003{\nlog\u00A0a\n}', reads: '.: log a' },
  { rule: 'a carriage return vanishes', text: '.\r\n{\r\nlo\rg\r\n}', reads: '.: log' },
  { rule: 'a brace is one only as a whole word', text: '. {\nmetadata a{ }b\n}', reads: '.: metadata a{ }b' },
  { rule: 'quotes hold spaces together', text: '. {\nlog . "{type} x"\n}', reads: '.: log . {type} x' },
  { rule: 'only a quote is escaped', text: '. {\nlog . "{type}\\"\\n"\n}', reads: '.: log . {type}"\\n' },
  { rule: 'a quoted word ends at its quote', text: '. {\nlog "a"b\n}', reads: '.: log a b' },
  { rule: 'a quote within a word is a character', text: '. {\nlog a"b\n}', reads: '.: log a"b' },
  {
    rule: 'two quotes are an empty word',
    text: '. {\nbind ""\n}',
    says: 'plugin/bind: Corefile:2 - Error during parsing: not a valid IP address or interface name: ""',
  },
  { rule: 'a quoted brace is a brace', text: '. "{"\nlog\n"}"', reads: '.: log' },
  {
    rule: 'a quote that is not closed ends with the text',
    text: '. {\nlog "a\n}',
    says: "Corefile:2 - Syntax error: Unexpected token 'a\n}', expecting '}'",
  },
  { rule: 'a comment ends with its line', text: '. { # a } b\nlog # x\n}', reads: '.: log' },
  {
    rule: 'a comment begins within a word',
    text: '. {\nforward . 192.0.2.1#53\n}',
    reads: '.: forward . 192.0.2.1',
  },
  { rule: 'and ends at the next space then', text: '. {\nlog foo#bar baz\n}', reads: '.: log foo baz' },
  { rule: 'but not within quotes', text: '. {\nlog "a#b"\n}', reads: '.: log a#b' },
  {
    rule: 'there are no heredocs',
    text: '. {\nlog <<EOF\nEOF\n}',
    says: "Corefile:3 - Error during parsing: Unknown directive 'EOF'",
  },
  {
    rule: 'there are no continued lines',
    text: '. {\nlog a \\\nb\n}',
    says: "Corefile:3 - Error during parsing: Unknown directive 'b'",
  },
  {
    rule: 'a backslash does not escape a backslash',
    text: '. {\nlog . "{type}\\\\"\n}',
    reads: '.: log . {type}\\\\',
  },
  {
    rule: 'a quoted word may span lines',
    text: '. {\nlog . "{type}\n" \nerrors\n}',
    reads: '.: log . {type}\n; errors',
  },
];
