// What is thrown when a Corefile cannot be read, and the two shapes its message has. Operators and their alerts know
// CoreDNS's wording, so the whole message is CoreDNS's, place included.

/** What kind of mistake it is, for code that has to tell them apart without reading messages. */
export type CorefileErrorCode =
  | 'COREFILE_PARSING'
  | 'COREFILE_SYNTAX'
  | 'COREFILE_ARGUMENT'
  | 'COREFILE_EOF'
  | 'COREFILE_DIRECTIVE'
  | 'COREFILE_ENVIRONMENT'
  | 'COREFILE_IMPORT';

/** Where the mistake is and which word stands there; a token is one. Line 0 means that nothing has been read yet. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A Corefile that cannot be read. `message` is complete: file, line and cause. */
export class CorefileError extends Error {
  override readonly name = 'CorefileError';
  readonly code: CorefileErrorCode;
  readonly file?: string;
  readonly line?: number;

  constructor(code: CorefileErrorCode, message: string, place: Place, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.file = place.file;
    this.line = place.line;
  }
}

/** `FILE:LINE - Error during parsing: MESSAGE` */
export function parsingError(
  code: CorefileErrorCode,
  place: Place,
  message: string,
  options?: ErrorOptions,
): CorefileError {
  return new CorefileError(
    code,
    `${place.file}:${place.line} - Error during parsing: ${message}`,
    place,
    options,
  );
}

/** `FILE:LINE - Syntax error: Unexpected token 'FOUND', expecting 'EXPECTED'` */
export function unexpectedToken(place: Place, expected: string): CorefileError {
  const message = `Syntax error: Unexpected token '${place.text}', expecting '${expected}'`;
  return new CorefileError('COREFILE_SYNTAX', `${place.file}:${place.line} - ${message}`, place);
}

/** An argument is missing, or there is one too many; `place` is the last word read. */
export function argumentError(place: Place): CorefileError {
  return parsingError(
    'COREFILE_ARGUMENT',
    place,
    place.text === '{'
      ? "Unexpected token '{', expecting argument"
      : `Wrong argument count or unexpected line ending after '${place.text}'`,
  );
}

/** The text ends inside something; `place` is the last word read. */
export function endOfFileError(place: Place): CorefileError {
  return parsingError('COREFILE_EOF', place, 'Unexpected EOF');
}
