/**
 * What holds for all that an HTTP server of ours sends on one connection, whatever it was sent: whole responses, one behind the other, of
 * statuses that are known, each as long as it says, and none of them longer than a page.
 */
import { must } from './must.ts';

/** What the pages answer, what is refused, and what Node says by itself: 100 and 417 for Expect, 505 for a version. */
const STATUSES = new Set([100, 200, 400, 404, 405, 408, 413, 417, 431, 500, 503, 505]);
/** Node's own refusals have a body of no chunks. */
const CHUNKED = /^Transfer-Encoding: chunked$/;
const NO_CHUNKS = '0\r\n\r\n';
const HEAD_END = '\r\n\r\n';
const MOST_PAGE_OCTETS = 1024 * 1024;

/**
 * @param isCut whether the connection ended in the middle, and what came last may be a part
 * @param isPage whether this is the whole body of an answer with this status
 * @returns how many responses there were
 * @throws {Violation}
 */
export function checkResponses(
  received: Uint8Array,
  isCut: boolean,
  isPage: (status: number, body: string) => boolean,
): number {
  let text = Buffer.from(received).toString('latin1');
  let responses = 0;
  while (text !== '') {
    const end = text.indexOf(HEAD_END);
    if (end < 0 && isCut) return responses;
    must(end >= 0, `a whole head, not ${JSON.stringify(text.slice(0, 200))}`);
    const { status, length, isChunked } = readHead(text.slice(0, end));
    const rest = text.slice(end + HEAD_END.length);
    responses++;
    if (isChunked) {
      text = rest.startsWith(NO_CHUNKS) ? rest.slice(NO_CHUNKS.length) : rest;
      continue;
    }
    const body = rest.slice(0, length);
    // A response to HEAD says the length of what it does not bring.
    const hasBody = length > 0 && !rest.startsWith('HTTP/1.1 ') && rest !== '';
    if (hasBody && body.length < length && isCut) return responses;
    must(!hasBody || body.length === length, `${length} octets of body, not ${body.length}`);
    if (hasBody)
      must(isPage(status, body), `a page for ${status}, not ${JSON.stringify(body.slice(0, 200))}`);
    text = hasBody ? rest.slice(length) : rest;
  }
  return responses;
}

interface Head {
  readonly status: number;
  /** Octets of the body. */
  readonly length: number;
  readonly isChunked: boolean;
}

function readHead(head: string): Head {
  const [first, ...fields] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.1 ([0-9]{3}) [\x20-\x7e]+$/.exec(first)?.[1]);
  must(STATUSES.has(status), `a status line that is known, not ${JSON.stringify(first)}`);
  must(
    fields.every((field) => /^[A-Za-z-]+: [\x20-\x7e]+$/.test(field)),
    `fields and nothing else, not ${JSON.stringify(head)}`,
  );
  const lengths = fields
    .flatMap((field) => /^Content-Length: ([0-9]+)$/.exec(field)?.slice(1) ?? [])
    .map(Number);
  must(lengths.length <= 1, `one length, not ${JSON.stringify(head)}`);
  const length = lengths[0] ?? 0;
  must(length <= MOST_PAGE_OCTETS, `a page of no more than 1 MiB, not ${length} octets`);
  return { status, length, isChunked: fields.some((field) => CHUNKED.test(field)) };
}
