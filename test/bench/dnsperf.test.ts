import { describe, expect, it } from 'vitest';
import { dnsperfCommand } from './dnsperf.ts';
import type { Shot } from './dnsperf.ts';

const SHOT: Shot = {
  port: 1053,
  queryFile: '/run/queries',
  tcp: false,
  seconds: 3,
  once: false,
  outstanding: 200,
};
const commandOf = (changes: Partial<Shot>): string => dnsperfCommand({ ...SHOT, ...changes }).join(' ');

describe('the command of dnsperf', () => {
  it('asks loopback over UDP with EDNS, again and again', () => {
    expect(commandOf({})).toBe(
      'dnsperf -e -s 127.0.0.1 -p 1053 -m udp -d /run/queries -l 3 -t 2 -q 200 -c 4 -T 1',
    );
  });

  it('asks over several TCP connections', () => {
    expect(commandOf({ tcp: true })).toContain('-m tcp -d /run/queries -l 3 -t 2 -q 200 -c 20');
  });

  it('goes through the file once where names must not repeat', () => {
    expect(commandOf({ once: true })).toContain(' -n 1');
  });

  it('prints each answer at a fixed rate, and only then', () => {
    expect(commandOf({ rate: 10_000 })).toMatch(/ -Q 10000 -v$/);
    expect(commandOf({})).not.toContain('-v');
  });
});
