/** HTTP requests as probes, scrapers, browsers and scanners send them, and damage to them. As octets: not all of them are text. */
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';

const lines = (...text: readonly string[]): Uint8Array =>
  Buffer.from(`${text.join('\r\n')}\r\n\r\n`, 'latin1');
const HOST = 'Host: node:9253';

export const PATHS = [
  '/health',
  '/ready',
  '/metrics',
  '/broken',
  '/',
  '/debug/pprof/',
  '*',
  '/%2e%2e/etc/passwd',
];

/** What is not damaged is one of these. */
const REQUESTS: readonly Uint8Array[] = [
  ...PATHS.map((path) => lines(`GET ${path} HTTP/1.1`, HOST)),
  lines('HEAD /metrics HTTP/1.1', HOST),
  lines('GET /health?verbose=1#x HTTP/1.1', HOST, 'User-Agent: kube-probe/1.34', 'Connection: close'),
  lines('GET http://node:9253/ready HTTP/1.1', HOST, 'Accept: */*', 'Accept-Encoding: gzip, zstd'),
  lines('GET /health HTTP/1.0'),
  lines('GET /health HTTP/1.0', 'Connection: keep-alive'),
  Buffer.from('GET /health\r\n\r\n'),
  lines('OPTIONS * HTTP/1.1', HOST),
  lines('CONNECT node:53 HTTP/1.1', HOST),
  lines('TRACE / HTTP/1.1', HOST),
  lines('POST /health HTTP/1.1', HOST, 'Content-Length: 5') /* and no body */,
  Buffer.concat([lines('POST /health HTTP/1.1', HOST, 'Content-Length: 5'), Buffer.from('hello')]),
  Buffer.concat([
    lines('GET /metrics HTTP/1.1', HOST, 'Transfer-Encoding: chunked'),
    Buffer.from('5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n'),
  ]),
  lines('GET /health HTTP/1.1', HOST, 'Transfer-Encoding: chunked', 'Content-Length: 3'),
  lines('GET /health HTTP/1.1', HOST, 'Content-Length: 3', 'Content-Length: 4'),
  lines('GET /health HTTP/1.1', HOST, 'Content-Length: -1'),
  lines('GET /health HTTP/1.1', HOST, 'Expect: 100-continue', 'Content-Length: 3'),
  lines('GET /health HTTP/1.1', HOST, 'Expect: the-unexpected'),
  lines('GET /health HTTP/1.1', HOST, 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings'),
  lines('GET /health HTTP/1.1', HOST, 'Upgrade: websocket', 'Connection: Upgrade'),
  lines('GET /health HTTP/1.1'),
  lines('GET /health HTTP/1.1', HOST, HOST),
  lines('GET /health HTTP/9.9', HOST),
  lines('GET /health HTTP/1.1', HOST, ' folded: line'),
  lines('GET /health HTTP/1.1', HOST, `Cookie: ${'c'.repeat(3_000)}`),
  lines('GET /health HTTP/1.1', HOST, `Cookie: ${'c'.repeat(8_000)}`),
  lines('GET /health HTTP/1.1', HOST, ...Array.from({ length: 300 }, (_, index) => `h${index}: v`)),
  lines(`GET /${'a'.repeat(6_000)} HTTP/1.1`, HOST),
  lines('GET /health\u0000 HTTP/1.1', HOST, 'x: \u00ff\u0001'),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('160301020001000001fc0303', 'hex') /* TLS */,
  Buffer.from('\n\n\n\r\n\r\nGET /health HTTP/1.1\nHost: x\n\n'),
  Buffer.alloc(2_000, 'A'),
  Buffer.alloc(0),
];

/** Well-formed ones, which come between the others: whether they are answered is what matters. */
const HONEST = PATHS.flatMap((path) =>
  ['GET', 'HEAD', 'PUT'].map((method) => lines(`${method} ${path} HTTP/1.1`, HOST)),
);

/** Some requests on one connection: honest ones, strange ones, and damaged ones. */
export function httpInput(random: Random): Uint8Array {
  const some = Array.from({ length: 1 + random.below(5) }, () => {
    if (random.once(2)) return random.pick(HONEST);
    return random.once(2) ? random.pick(REQUESTS) : damaged(random, random.pick(REQUESTS));
  });
  return Buffer.concat(some).subarray(0, 40_000);
}

/** Damage behind some place: most of it would hit the first octets, and a request whose method is broken is refused for that. */
function damaged(random: Random, request: Uint8Array): Uint8Array {
  const place = random.below(request.length);
  const rest = mutate(random, request.subarray(place), REQUESTS, 1 + random.below(3));
  return Buffer.concat([request.subarray(0, place), rest]);
}
