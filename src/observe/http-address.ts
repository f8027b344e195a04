/** Addresses of HTTP servers as the Corefile has them, read as Go reads them. Nothing is looked up or bound here. */

export interface HttpAddress {
  /** An IP address without brackets, a host name, or empty for all addresses. */
  readonly host: string;
  /** 0 to 65535; 0 lets the kernel choose. */
  readonly port: number;
}

const LARGEST_PORT = 65_535;

/**
 * Reads `:9253`, `127.0.0.1:9253`, `[::1]:9253` or `localhost:9153`.
 *
 * @throws {RangeError} with Go's text, such as `address x: missing port in address`
 */
export function parseHttpAddress(text: string): HttpAddress {
  const [host, port] = splitHostPort(text);
  if (port === '') throw new RangeError(`address ${text}: missing port in address`);
  if (!/^[0-9]+$/.test(port)) throw new RangeError(`address ${text}: unknown port tcp/${port}`);
  if (Number(port) > LARGEST_PORT) throw new RangeError(`address ${port}: invalid port`);
  return { host, port: Number(port) };
}

/** Writes `host:port`, with brackets where the host holds colons. */
export function formatHttpAddress({ host, port }: HttpAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Go's `net.SplitHostPort`. */
function splitHostPort(text: string): [host: string, port: string] {
  const fail = (why: string): RangeError => new RangeError(text === '' ? why : `address ${text}: ${why}`);
  const colon = text.lastIndexOf(':');
  if (colon === -1) throw fail('missing port in address');
  const bracketed = text.startsWith('[');
  const end = bracketed ? text.indexOf(']') : colon;
  if (end === -1) throw fail("missing ']' in address");
  if (bracketed && end + 1 !== colon) {
    throw fail(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address');
  }
  const host = bracketed ? text.slice(1, end) : text.slice(0, end);
  if (!bracketed && host.includes(':')) throw fail('too many colons in address');
  const rest = bracketed ? text.slice(1, end) + text.slice(end + 1) : text;
  if (rest.includes('[')) throw fail("unexpected '[' in address");
  if (rest.includes(']')) throw fail("unexpected ']' in address");
  return [host, text.slice(colon + 1)];
}
