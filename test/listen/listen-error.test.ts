import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ListenError } from '../../src/listen/listen-error.ts';

const failed = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`bind ${code}`), { code });

describe('ListenError', () => {
  it.each([
    {
      error: new ListenError('udp', '169.254.20.10', 53, failed('EADDRNOTAVAIL')),
      text: 'Listen: listen udp 169.254.20.10:53: bind: no interface of this host has this address',
    },
    {
      error: new ListenError('tcp', '::1', 53, failed('EACCES')),
      text: 'Listen: listen tcp [::1]:53: bind: permission denied (ports below 1024 need CAP_NET_BIND_SERVICE)',
    },
    {
      error: new ListenError('udp', '::', 53, failed('EAFNOSUPPORT')),
      text: 'Listen: listen udp [::]:53: bind: address family not supported by this host',
    },
    {
      error: new ListenError('udp', '192.0.2.1', 53, failed('EMFILE')),
      text: 'Listen: listen udp 192.0.2.1:53: bind: bind EMFILE',
    },
    {
      error: new ListenError('udp', '192.0.2.1', 53, new Error('no code at all')),
      text: 'Listen: listen udp 192.0.2.1:53: bind: no code at all',
    },
  ])('says what was asked for and why not: $text', ({ error, text }) => {
    expect(error.message).toBe(text);
  });

  it('has the code and the cause of the system', () => {
    const cause = failed('EACCES');
    expect(new ListenError('udp', '::1', 53, cause)).toMatchObject({ code: 'EACCES', cause });
    expect(new ListenError('udp', '::1', 53, new Error('?')).code).toBe('UNKNOWN');
  });

  it('names who holds a UDP port that is taken', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await once(holder, 'listening');
    const { port } = holder.address();
    const { message } = new ListenError('udp', '127.0.0.1', port, failed('EADDRINUSE'));
    expect(message).toContain(`Listen: listen udp 127.0.0.1:${port}: bind: address already in use, held by `);
    expect(message).toContain(`(pid ${process.pid})`);
  });

  it('names who holds a TCP port that is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(new ListenError('tcp', '127.0.0.1', port, failed('EADDRINUSE')).message).toContain(`held by`);
  });
});
