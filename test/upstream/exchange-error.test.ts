import { describe, expect, it } from 'vitest';
import { ExchangeError, systemError, timeoutError } from '../../src/upstream/exchange-error.ts';

const nodeError = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall });

describe('systemError', () => {
  it.each([
    [
      'dial tcp 1.2.3.4:53',
      'ECONNREFUSED',
      'connect',
      'refused',
      'dial tcp 1.2.3.4:53: connect: connection refused',
    ],
    [
      'dial udp 8.8.8.8:53',
      'ENETUNREACH',
      'connect',
      'unreachable',
      'dial udp 8.8.8.8:53: connect: network is unreachable',
    ],
    [
      'dial tcp 1.2.3.4:53',
      'EHOSTUNREACH',
      'connect',
      'unreachable',
      'dial tcp 1.2.3.4:53: connect: no route to host',
    ],
    [
      'dial tcp 1.2.3.4:53',
      'ETIMEDOUT',
      'connect',
      'timeout',
      'dial tcp 1.2.3.4:53: connect: connection timed out',
    ],
    ['read udp a->b', 'ECONNREFUSED', 'recvmsg', 'refused', 'read udp a->b: read: connection refused'],
    ['write udp a->b', 'EMSGSIZE', 'send', 'unreachable', 'write udp a->b: write: message too long'],
    ['read tcp a->b', 'ECONNRESET', 'read', 'reset', 'read tcp a->b: read: connection reset by peer'],
    [
      'dial udp a',
      'EADDRNOTAVAIL',
      'bind',
      'unreachable',
      'dial udp a: bind: cannot assign requested address',
    ],
  ])('%s with %s in %s reads as Go has it', (doing, errno, syscall, code, message) => {
    const cause = nodeError(errno, syscall);
    const error = systemError(doing, cause);
    expect(error).toBeInstanceOf(ExchangeError);
    expect({ code: error.code, message: error.message }).toEqual({ code, message });
    expect(error.cause).toBe(cause);
  });

  it('keeps the words of an error it does not know', () => {
    const error = systemError('dial tcp a', new Error('strange'));
    expect(error.message).toBe('dial tcp a: strange');
  });
});

it('a timeout reads as Go has it', () => {
  const error = timeoutError('read udp 10.1.1.1:43123->8.8.8.8:53');
  expect(error.code).toBe('timeout');
  expect(error.message).toBe('read udp 10.1.1.1:43123->8.8.8.8:53: i/o timeout');
});
