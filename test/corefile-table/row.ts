/** A row of the table: a Corefile, and what becomes of it. */

export interface Row {
  /** The rule that it shows. */
  readonly rule: string;
  readonly text: string;
  /** The whole error, where `Corefile` stands for the path of the text, and no other directory for that of `files`; without it the text is accepted. */
  readonly says?: string;
  /** What it is read as: `KEYS: DIRECTIVE; DIRECTIVE | KEYS: …`, arguments in braces left out. */
  readonly reads?: string;
  /** The zones that are served, with their ports. */
  readonly serves?: string;
  /** Warnings, whole, with the same names. None unless said, but for those about the meaning (`explain/`). */
  readonly warns?: readonly string[];
  /** Files beside the Corefile, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What is said of a plugin's directive: with its place, and in the words of the parser or of the plugin alone. */
export interface Complaint {
  readonly line: number;
  readonly text: string;
}

/** `line` counts in the block that is put around a fragment: its own first line is 2. */
export const error = (text: string, line = 2): Complaint => ({ line, text: `Error during parsing: ${text}` });

/** A word is missing behind `word`, or that word is one too many. */
export const wrongCount = (word: string, line = 2): Complaint =>
  error(`Wrong argument count or unexpected line ending after '${word}'`, line);

/** Without the words of the parser. */
export const fault = (text: string, line = 2): Complaint => ({ line, text });

export const ONCE = fault('this plugin can only be used once per Server Block');

/** One directive in a server block for every name; accepted without a complaint. The fragment is the row's name. */
export type Fragment = readonly [
  text: string,
  complaint?: Complaint | undefined,
  rest?: Pick<Row, 'warns' | 'files' | 'environment'>,
];

export const pluginRows = (plugin: string, fragments: readonly Fragment[]): Row[] =>
  fragments.map(([text, complaint, rest]) => ({
    rule: text.replaceAll('\n', ' / '),
    text: `.:53 {\n${text}\n}\n`,
    ...(complaint !== undefined && {
      says: `plugin/${plugin}: Corefile:${complaint.line} - ${complaint.text}`,
    }),
    ...rest,
  }));
