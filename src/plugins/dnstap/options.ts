/**
 * What one `dnstap` line says. The wording of errors, and the limits of the two sizes, are CoreDNS's (1.14). Nothing is opened or looked up.
 */
import { readFileSync } from 'node:fs';
import { parseInteger } from '../../base/integer.ts';
import { nextArgument, noArguments, told, unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { parseHttpAddress } from '../../observe/http-address.ts';
import type { Log } from '../../observe/log-types.ts';

export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number };

/** What a listener shows to those who connect, in PEM. */
export interface ListenerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Whose certificates readers have to have; undefined for none. */
  readonly ca: Buffer | undefined;
}

export interface TapOptions {
  /** The endpoint as written: for log lines and metrics. */
  readonly label: string;
  readonly endpoint: Endpoint;
  /** Whether readers connect to the endpoint, and not we. */
  readonly listens: boolean;
  /** Of a listener with TLS. */
  readonly tls: ListenerTls | undefined;
  /** Whether the DNS messages themselves are put in. */
  readonly full: boolean;
  /** MiB that may be handed to the connection ahead of the reader; 1 to 1024. */
  readonly writeBufferMiB: number;
  /** Tens of thousands of messages that may wait behind that; 1 to 4096. */
  readonly queueTenThousands: number;
  /** Undefined for the name of the host. */
  readonly identity: string | undefined;
  /** Undefined for ours. */
  readonly version: string | undefined;
  /** With placeholders; empty for none. */
  readonly extra: string;
  /** Take any certificate; of readers that connect, also none. */
  readonly skipVerify: boolean;
}

const MAX_WRITE_BUFFER_MIB = 1024;
const MAX_QUEUE_TEN_THOUSANDS = 4096;
/** SOCKET, `full`, and the two sizes. */
const MAX_ARGUMENTS = 4;

/**
 * @param cursor at the word `dnstap`
 * @throws CorefileError
 */
export function readTapOptions(cursor: Cursor, log: Log): TapOptions {
  const place = `${cursor.file}:${cursor.line}`;
  const args = cursor.remainingArgs();
  if (args.length === 0) throw cursor.argError();
  const listens = args[0] === 'listen';
  if (listens) args.shift();
  if (args.length === 0) throw cursor.error('dnstap listen requires an endpoint argument');
  const [label, mode, writeBuffer, queue] = args;
  // CoreDNS says nothing, and leaves the messages out.
  if (mode !== undefined && mode !== 'full') log.warn(`${place}: '${mode}' is not 'full' and has no effect`);
  if (args.length > MAX_ARGUMENTS) log.warn(`${place}: '${args[MAX_ARGUMENTS]}' has no effect`);
  const endpoint = readEndpoint(cursor, label);
  return {
    label,
    endpoint,
    listens,
    full: mode === 'full',
    writeBufferMiB: readSize(cursor, writeBuffer, WRITE_BUFFER),
    queueTenThousands: readSize(cursor, queue, QUEUE),
    ...readBlock(cursor, listens, endpoint),
  };
}

interface SizeArgument {
  readonly name: string;
  readonly most: number;
  readonly unit: string;
}

const WRITE_BUFFER: SizeArgument = {
  name: 'MultipleTcpWriteBuf',
  most: MAX_WRITE_BUFFER_MIB,
  unit: 'MiB units',
};
const QUEUE: SizeArgument = { name: 'MultipleQueue', most: MAX_QUEUE_TEN_THOUSANDS, unit: 'x10k messages' };

function readSize(cursor: Cursor, text: string | undefined, { name, most, unit }: SizeArgument): number {
  if (text === undefined) return 1;
  const value = told(
    cursor,
    () => parseInteger(text),
    (reason) => `dnstap: invalid ${name} ${JSON.stringify(text)}: ${reason}`,
  );
  if (value >= 1 && value <= most) return value;
  throw cursor.error(`dnstap: ${name} must be between 1 and ${most} (${unit}): ${value}`);
}

/** Whatever does not name another scheme is a path, as in CoreDNS. */
function readEndpoint(cursor: Cursor, text: string): Endpoint {
  const remote = /^(tcp|tls):\/\/([^/?#]*)/.exec(text);
  if (remote === null) {
    const path = text.replace(/^unix:\/\//, '');
    if (path === '') throw cursor.error(`no path in '${text}'`);
    return { kind: 'unix', path };
  }
  const address = told(
    cursor,
    () => parseHttpAddress(remote[2]),
    (reason) => reason,
  );
  return { kind: remote[1] === 'tls' ? 'tls' : 'tcp', ...address };
}

type BlockOptions = Pick<TapOptions, 'identity' | 'version' | 'extra' | 'skipVerify' | 'tls'>;

function readBlock(cursor: Cursor, listens: boolean, endpoint: Endpoint): BlockOptions {
  const texts = new Map<string, string>();
  let skipVerify = false;
  let tls: ListenerTls | undefined;
  while (cursor.nextBlock()) {
    const property: string = cursor.value;
    switch (property) {
      case 'skipverify':
        skipVerify = true;
        break;
      case 'tls':
        if (!listens) throw cursor.error('tls directive only valid for listeners');
        tls = readTls(cursor);
        break;
      case 'identity':
      case 'version':
      case 'extra':
        texts.set(property, nextArgument(cursor));
        break;
      default:
        throw unknownProperty(cursor);
    }
    noArguments(cursor);
  }
  // CoreDNS says so once it runs, and does not listen.
  if (listens && endpoint.kind === 'tls' && tls === undefined) {
    throw cursor.error('TLS listener requires cert and key files');
  }
  return {
    identity: texts.get('identity'),
    version: texts.get('version'),
    extra: texts.get('extra') ?? '',
    skipVerify,
    tls,
  };
}

/** `tls CERT KEY [CA]` */
function readTls(cursor: Cursor): ListenerTls {
  const read = (path: string): Buffer =>
    told(
      cursor,
      () => readFileSync(path),
      (reason) => reason,
    );
  const [cert, key, ca] = threeArgs(cursor);
  if (cert === undefined || key === undefined) throw cursor.error('tls requires cert and key file paths');
  return { cert: read(cert), key: read(key), ca: ca === undefined ? undefined : read(ca) };
}

/** A fourth one is left to be told of. */
function threeArgs(cursor: Cursor): string[] {
  const args: string[] = [];
  while (args.length < 3 && cursor.nextArg()) args.push(cursor.value);
  return args;
}
