/**
 * Why an exchange with an upstream gave no reply: a code to decide by, and a message in the words that Go uses for the same, since those
 * stand in people's log searches and alerts. Every failure in this room becomes an `ExchangeError`.
 */

export type ExchangeErrorCode =
  /** Nothing that counts came in time. */
  | 'timeout'
  /** The host is there, the port is not. */
  | 'refused'
  /** The host cannot be reached, or our own system lacks what it takes. */
  | 'unreachable'
  /** The connection ended with the query on it. */
  | 'reset'
  /** The upstream was closed on our side. */
  | 'closed'
  | 'tls'
  /** What came was not a reply to the question. */
  | 'invalid'
  /** Too many queries wait already. */
  | 'busy';

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: ExchangeErrorCode;

  constructor(code: ExchangeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** @param doing such as `read udp 10.1.1.1:43123->8.8.8.8:53` */
export const timeoutError = (doing: string): ExchangeError =>
  new ExchangeError('timeout', `${doing}: i/o timeout`);

export const closedError = (): ExchangeError =>
  new ExchangeError('closed', 'use of closed network connection');

interface ErrnoRow {
  readonly code: ExchangeErrorCode;
  /** strerror(3), as Go prints it. */
  readonly words: string;
}

const ERRNO: ReadonlyMap<string, ErrnoRow> = new Map<string, ErrnoRow>([
  ['ECONNREFUSED', { code: 'refused', words: 'connection refused' }],
  ['ECONNRESET', { code: 'reset', words: 'connection reset by peer' }],
  ['EPIPE', { code: 'reset', words: 'broken pipe' }],
  ['ECONNABORTED', { code: 'reset', words: 'software caused connection abort' }],
  ['ETIMEDOUT', { code: 'timeout', words: 'connection timed out' }],
  ['ENETUNREACH', { code: 'unreachable', words: 'network is unreachable' }],
  ['EHOSTUNREACH', { code: 'unreachable', words: 'no route to host' }],
  ['ENETDOWN', { code: 'unreachable', words: 'network is down' }],
  ['EADDRNOTAVAIL', { code: 'unreachable', words: 'cannot assign requested address' }],
  ['EADDRINUSE', { code: 'unreachable', words: 'address already in use' }],
  ['EAFNOSUPPORT', { code: 'unreachable', words: 'address family not supported by protocol' }],
  ['EMSGSIZE', { code: 'unreachable', words: 'message too long' }],
  ['EACCES', { code: 'unreachable', words: 'permission denied' }],
  ['EPERM', { code: 'unreachable', words: 'operation not permitted' }],
  ['EINVAL', { code: 'unreachable', words: 'invalid argument' }],
  ['EMFILE', { code: 'unreachable', words: 'too many open files' }],
  ['ENFILE', { code: 'unreachable', words: 'too many open files in system' }],
  ['ENOBUFS', { code: 'unreachable', words: 'no buffer space available' }],
  ['ENOMEM', { code: 'unreachable', words: 'cannot allocate memory' }],
]);

/** System calls as Go names them; those of Node that are not here keep their name. */
const SYSCALLS: ReadonlyMap<string, string> = new Map([
  ['recvmsg', 'read'],
  ['send', 'write'],
  ['sendmsg', 'write'],
]);

export const errnoOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';

export const isSystemError = (error: Error): boolean => ERRNO.has(errnoOf(error));

/**
 * What the operating system said, in Go's words.
 * @param doing such as `dial tcp 1.2.3.4:53`, which gives `dial tcp 1.2.3.4:53: connect: connection refused`
 */
export function systemError(doing: string, cause: Error): ExchangeError {
  const row = ERRNO.get(errnoOf(cause));
  if (row === undefined) return new ExchangeError('unreachable', `${doing}: ${cause.message}`, { cause });
  const syscall = 'syscall' in cause && typeof cause.syscall === 'string' ? cause.syscall : '';
  const call = SYSCALLS.get(syscall) ?? syscall;
  return new ExchangeError(row.code, `${doing}: ${call === '' ? '' : `${call}: `}${row.words}`, { cause });
}
