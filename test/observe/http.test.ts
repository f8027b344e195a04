import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpAnswer, HttpRoute } from '../../src/observe/http-types.ts';
import { HttpServers } from '../../src/observe/http.ts';
import { RecordedLog } from './recorded-log.ts';

let log = new RecordedLog();
let servers = new HttpServers(log);
/** Ends what a test opened. */
let endings: (() => unknown)[] = [];

beforeEach(() => {
  log = new RecordedLog();
  servers = new HttpServers(log);
  endings = [];
});

afterEach(async () => {
  for (const end of endings) end();
  await servers.close();
});

const plain = (body: string, status = 200): HttpAnswer => ({ status, contentType: 'text/plain', body });

const route = (address: string, path: string, body: string): HttpRoute => ({
  address,
  path,
  answer: () => plain(body),
});

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(address: string, path: string, options: RequestOptions = {}): Promise<Reply> {
  const asked = request(`http://${address}${path}`, { agent: false, ...options }).end();
  const [answer] = await once(asked, 'response');
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

const bodyOf = async (address: string, path: string): Promise<string> => (await ask(address, path)).body;

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

/** A connection on which a test writes by hand. */
async function dial(address: string): Promise<Socket> {
  const socket = connect(portOf(address), '127.0.0.1').on('error', () => undefined);
  endings.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes until the other side ends. */
async function conversation(address: string, sent: string): Promise<string> {
  const socket = await dial(address);
  socket.write(sent);
  return text(socket);
}

/** A port that is held by somebody else (that is, by this process, but outside the servers). */
async function heldPort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  endings.push(() => server.close());
  await once(server, 'listening');
  return portOf(JSON.stringify(server.address()).replace(/^.*"port":([0-9]+).*$/, ':$1'));
}

async function freePort(): Promise<number> {
  const port = await heldPort();
  endings.pop()?.();
  return port;
}

describe('a request', () => {
  it('gets the answer of its path, whatever follows a question mark', async () => {
    await servers.apply([route('127.0.0.1:0', '/health', 'OK'), route('127.0.0.1:0', '/ready', 'no')]);
    const [address] = servers.addresses();
    const { status, headers, body } = await ask(address, '/health?verbose=1');
    expect([status, body]).toEqual([200, 'OK']);
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '2' });
    expect(await bodyOf(address, '/ready')).toBe('no');
  });

  it('gets status, type and octets as the route says, also later', async () => {
    const later = Promise.resolve({ status: 503, contentType: 'text/html', body: 'b\u00FCcher' });
    await servers.apply([{ address: '127.0.0.1:0', path: '/', answer: () => later }]);
    const { status, headers, body } = await ask(servers.addresses()[0], '/');
    expect([status, body]).toEqual([503, 'b\u00FCcher']);
    expect(headers).toMatchObject({ 'content-type': 'text/html', 'content-length': '7' });
  });

  it('by HEAD gets the headers of GET and no body', async () => {
    await servers.apply([route('127.0.0.1:0', '/health', 'OK')]);
    const { status, headers, body } = await ask(servers.addresses()[0], '/health', { method: 'HEAD' });
    expect([status, headers['content-length'], body]).toEqual([200, '2', '']);
  });

  it.each(['/', '/healthz', '/health/', '//health', '/HEALTH'])('for the path %s gets 404', async (path) => {
    await servers.apply([route('127.0.0.1:0', '/health', 'OK')]);
    const { status, body } = await ask(servers.addresses()[0], path);
    expect([status, body]).toEqual([404, '404 page not found\n']);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('by %s gets 405', async (method) => {
    await servers.apply([route('127.0.0.1:0', '/health', 'OK')]);
    const { status, headers } = await ask(servers.addresses()[0], '/health', { method });
    expect([status, headers.allow, headers.connection]).toEqual([405, 'GET, HEAD', 'close']);
  });

  it('by CONNECT gets no tunnel', async () => {
    await servers.apply([route('127.0.0.1:0', '/health', 'OK')]);
    const sent = 'CONNECT example.org:80 HTTP/1.1\r\nHost: example.org\r\n\r\n';
    expect(await conversation(servers.addresses()[0], sent)).not.toContain('200');
  });

  it.each<[string, () => HttpAnswer | Promise<HttpAnswer>]>([
    [
      'throws',
      () => {
        throw new Error('out of order');
      },
    ],
    ['rejects', () => Promise.reject(new Error('out of order'))],
  ])('whose route %s gets 500, and the next one its answer', async (_, answer) => {
    await servers.apply([{ address: '127.0.0.1:0', path: '/bad', answer }, route('127.0.0.1:0', '/', 'OK')]);
    const [address] = servers.addresses();
    expect((await ask(address, '/bad')).status).toBe(500);
    expect(log.lines).toEqual(['error: http: /bad: out of order']);
    expect(await bodyOf(address, '/')).toBe('OK');
  });

  it('whose route gives what is no answer loses its connection, and nobody else does', async () => {
    const bad = { status: 200, contentType: 'text/\nplain', body: '' };
    await servers.apply([
      { address: '127.0.0.1:0', path: '/bad', answer: () => bad },
      route('127.0.0.1:0', '/', 'OK'),
    ]);
    const [address] = servers.addresses();
    await expect(ask(address, '/bad')).rejects.toThrow('socket hang up');
    expect(log.lines).toHaveLength(1);
    expect(await bodyOf(address, '/')).toBe('OK');
  });
});

describe('a client that asks too much', () => {
  it('gets 431 for headers over 4 KiB', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'OK')]);
    const sent = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(5000)}\r\n\r\n`;
    expect(await conversation(servers.addresses()[0], sent)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('gets 400 for what is no HTTP', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'OK')]);
    expect(await conversation(servers.addresses()[0], '\0\0\0 hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('may send a body, which nobody reads, and is disconnected after the answer', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'OK')]);
    const sent = 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
    const answer = await conversation(servers.addresses()[0], sent);
    expect(answer).toContain('Connection: close');
    expect(answer).toMatch(/OK$/);
  });

  it('loses its oldest idle connection when it opens more than 20', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'OK')]);
    const [address] = servers.addresses();
    const idle: Socket[] = [];
    // One after the other, so that their order is known.
    await Array.from({ length: 20 }).reduce<Promise<void>>(
      (before) => before.then(async () => void idle.push(await dial(address))),
      Promise.resolve(),
    );
    const closed = once(idle[0].resume(), 'close');
    expect(await bodyOf(address, '/')).toBe('OK');
    await closed;
    expect(idle.map(({ readyState }) => readyState).filter((state) => state === 'open')).toHaveLength(19);
  });

  it('is not let in when 20 connections wait for an answer', async () => {
    const { promise, resolve } = Promise.withResolvers<HttpAnswer>();
    let waiting = 0;
    const full = Promise.withResolvers<void>();
    const answer = (): Promise<HttpAnswer> => {
      if (++waiting === 20) full.resolve();
      return promise;
    };
    await servers.apply([{ address: '127.0.0.1:0', path: '/slow', answer }, route('127.0.0.1:0', '/', 'OK')]);
    const [address] = servers.addresses();
    const asked = Array.from({ length: 20 }, () => bodyOf(address, '/slow'));
    await full.promise;
    await expect(ask(address, '/')).rejects.toThrow();
    resolve(plain('done'));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['done']));
    expect(await bodyOf(address, '/')).toBe('OK');
  });
});

describe('new routes', () => {
  it('keep the socket and the connections of an address that stays', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'one')]);
    const [address] = servers.addresses();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    endings.push(() => agent.destroy());
    const before = await ask(address, '/', { agent });
    const [[socket]] = Object.values(agent.freeSockets).map((sockets) => sockets ?? []);

    await servers.apply([route('127.0.0.1:0', '/', 'two'), route('127.0.0.1:0', '/new', 'three')]);

    expect(servers.addresses()).toEqual([address]);
    const after = await ask(address, '/', { agent });
    const added = await ask(address, '/new', { agent });
    expect([before.body, after.body, added.body]).toEqual(['one', 'two', 'three']);
    const [[sameSocket]] = Object.values(agent.freeSockets).map((sockets) => sockets ?? []);
    expect(sameSocket).toBe(socket);
  });

  it('end those that are not among them', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'OK'), route('127.0.0.1:0', '/old', 'OK')]);
    await servers.apply([route('127.0.0.1:0', '/', 'OK')]);
    expect((await ask(servers.addresses()[0], '/old')).status).toBe(404);
  });

  it('close an address that has none, also its idle connections, after the answers under way', async () => {
    const { promise, resolve } = Promise.withResolvers<HttpAnswer>();
    const asked = Promise.withResolvers<void>();
    const slow = (): Promise<HttpAnswer> => {
      asked.resolve();
      return promise;
    };
    await servers.apply([{ address: '127.0.0.1:0', path: '/slow', answer: slow }]);
    const [address] = servers.addresses();
    const idle = await dial(address);
    const idleEnd = once(idle.resume(), 'close');
    const answered = bodyOf(address, '/slow');
    await asked.promise;

    const closed = servers.apply([]);
    await idleEnd;
    resolve(plain('late'));
    expect(await answered).toBe('late');
    await closed;
    expect(servers.addresses()).toEqual([]);
    await expect(ask(address, '/slow')).rejects.toThrow('ECONNREFUSED');
  });

  it('do not wait long for an answer that does not come', async () => {
    const asked = Promise.withResolvers<void>();
    const never = (): Promise<HttpAnswer> => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    await servers.apply([{ address: '127.0.0.1:0', path: '/', answer: never }]);
    const answered = ask(servers.addresses()[0], '/');
    await asked.promise;
    await Promise.all([servers.close(), expect(answered).rejects.toThrow('socket hang up')]);
  });

  it('that come at the same time are applied in order', async () => {
    const port = await freePort();
    await Promise.all([
      servers.apply([route(`127.0.0.1:${port}`, '/', 'one')]),
      servers.apply([]),
      servers.apply([route(`127.0.0.1:${port}`, '/', 'three')]),
    ]);
    expect(servers.addresses()).toEqual([`127.0.0.1:${port}`]);
    expect(await bodyOf(`127.0.0.1:${port}`, '/')).toBe('three');
  });

  it('with a path twice count the first', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'first'), route('127.0.0.1:0', '/', 'second')]);
    expect(await bodyOf(servers.addresses()[0], '/')).toBe('first');
  });
});

describe('an address', () => {
  it('without a host is all addresses of both families', async () => {
    await servers.apply([route(':0', '/', 'OK')]);
    const [address] = servers.addresses();
    expect(address).toMatch(/^\[::\]:[0-9]+$/);
    expect(await bodyOf(`127.0.0.1:${portOf(address)}`, '/')).toBe('OK');
    expect(await bodyOf(`[::1]:${portOf(address)}`, '/')).toBe('OK');
  });

  it('of IPv6 is bound as such', async () => {
    await servers.apply([route('[::1]:0', '/', 'OK')]);
    const [address] = servers.addresses();
    expect(address).toMatch(/^\[::1\]:[0-9]+$/);
    expect(await bodyOf(address, '/')).toBe('OK');
  });

  it('at localhost shares the server of 127.0.0.1', async () => {
    await servers.apply([route('localhost:0', '/one', '1'), route('127.0.0.1:0', '/two', '2')]);
    const [address, ...others] = servers.addresses();
    expect(others).toEqual([]);
    expect(await bodyOf(address, '/one')).toBe('1');
    expect(await bodyOf(address, '/two')).toBe('2');
  });
});

describe('an address that cannot be had', () => {
  it('is named with the cause and the holder of the port', async () => {
    const port = await heldPort();
    const failed = servers.apply([route(`127.0.0.1:${port}`, '/', 'OK')]);
    await expect(failed).rejects.toThrow(
      new RegExp(
        `^listen tcp 127\\.0\\.0\\.1:${port}: address already in use by .* \\(pid ${process.pid}\\)$`,
      ),
    );
    await expect(failed).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } });
  });

  it('is named with the cause when it is not ours', async () => {
    const failed = servers.apply([route('192.0.2.1:9253', '/', 'OK')]);
    await expect(failed).rejects.toThrow('listen tcp 192.0.2.1:9253: address not available');
  });

  it('that cannot be read is refused before anything is done', async () => {
    const port = await freePort();
    const failed = servers.apply([route(`127.0.0.1:${port}`, '/', 'OK'), route('nowhere', '/', 'OK')]);
    await expect(failed).rejects.toThrow(new RangeError('address nowhere: missing port in address'));
    expect(servers.addresses()).toEqual([]);
  });

  it('leaves everything as it was', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'old')]);
    const [address] = servers.addresses();
    const [free, held] = [await freePort(), await heldPort()];
    const idle = await dial(address);

    const failed = servers.apply([
      route('127.0.0.1:0', '/', 'new'),
      route(`127.0.0.1:${free}`, '/', 'new'),
      route(`127.0.0.1:${held}`, '/', 'new'),
    ]);
    await expect(failed).rejects.toThrow(`127.0.0.1:${held}`);

    expect(servers.addresses()).toEqual([address]);
    expect(await bodyOf(address, '/')).toBe('old');
    expect(idle.readyState).toBe('open');
    await expect(ask(`127.0.0.1:${free}`, '/')).rejects.toThrow('ECONNREFUSED');
  });

  it('leaves addresses open that would have been closed', async () => {
    await servers.apply([route('127.0.0.1:0', '/', 'old')]);
    const [address] = servers.addresses();
    await expect(servers.apply([route(`127.0.0.1:${await heldPort()}`, '/', 'new')])).rejects.toThrow();
    expect(await bodyOf(address, '/')).toBe('old');
  });

  it('can be had later', async () => {
    const port = await heldPort();
    await expect(servers.apply([route(`127.0.0.1:${port}`, '/', 'OK')])).rejects.toThrow();
    endings.pop()?.();
    await servers.apply([route(`127.0.0.1:${port}`, '/', 'OK')]);
    expect(await bodyOf(`127.0.0.1:${port}`, '/')).toBe('OK');
  });
});

describe('a port that goes from one of our addresses to another', () => {
  it.each([
    ['all addresses to one', '', '127.0.0.1'],
    ['one address to all', '127.0.0.1', ''],
  ])('from %s', async (_, before, after) => {
    const port = await freePort();
    await servers.apply([route(`${before}:${port}`, '/', 'before')]);
    await servers.apply([route(`${after}:${port}`, '/', 'after')]);
    expect(servers.addresses()).toEqual([`${after === '' ? '[::]' : after}:${port}`]);
    expect(await bodyOf(`127.0.0.1:${port}`, '/')).toBe('after');
  });

  it('goes back when another address cannot be had', async () => {
    const [port, held] = [await freePort(), await heldPort()];
    await servers.apply([route(`:${port}`, '/', 'before')]);
    const failed = servers.apply([
      route(`127.0.0.1:${port}`, '/', 'after'),
      route(`127.0.0.1:${held}`, '/', 'after'),
    ]);
    await expect(failed).rejects.toThrow(`127.0.0.1:${held}`);
    expect(servers.addresses()).toEqual([`[::]:${port}`]);
    expect(await bodyOf(`127.0.0.1:${port}`, '/')).toBe('before');
  });
});
