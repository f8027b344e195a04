import { describe, expect, it } from 'vitest';
import { wantedServers, whyLeftOut } from './choose.ts';
import { SERVERS } from './servers.ts';

const wantedNames = (only: string[] | undefined, baseline?: string): string[] =>
  wantedServers(SERVERS, { only, baseline }).map(({ name }) => name);

const serverCalled = (name: string): (typeof SERVERS)[number] => {
  const server = SERVERS.find((row) => row.name === name);
  if (server === undefined) throw new Error(`no server ${name}`);
  return server;
};

describe('the servers of a run', () => {
  it('are all but the variants of ours', () => {
    const names = wantedNames(undefined);
    expect(names).toEqual(expect.arrayContaining(['ours', 'unbound', 'dnsmasq', 'echo-c', 'echo-batch']));
    expect(names).not.toContain('ours-dgram');
  });

  it('are those that are named, variants too, in the order of the table', () => {
    expect(wantedNames(['unbound', 'ours-dgram', 'ours'])).toEqual(['ours', 'ours-dgram', 'unbound']);
  });

  it.each([[['ours']], [['ours', 'baseline']]])(
    'have the other build among them when there is one: %j',
    (only) => {
      expect(wantedNames(only, '/before/dist/main.js')).toEqual(['ours', 'baseline']);
    },
  );

  it('must exist', () => {
    expect(() => wantedNames(['ours', 'bind9'])).toThrow('there is no bind9; there are ours, ');
  });

  it('are at least one', () => {
    expect(() => wantedNames([])).toThrow('--only names no server');
  });
});

describe('a server is left out', () => {
  it('when its program is missing, with the package that brings it', () => {
    expect(whyLeftOut(serverCalled('knot-resolver'), false, () => false)).toBe(
      'no kresd; "npm run bench -- --install" brings it from the Debian package knot-resolver',
    );
  });

  it('when it knows no TCP and TCP is measured', () => {
    expect(whyLeftOut(serverCalled('echo-batch'), true, () => true)).toBe('it knows no TCP');
  });

  it('otherwise not', () => {
    expect(whyLeftOut(serverCalled('knot-resolver'), true, () => true)).toBeUndefined();
    expect(whyLeftOut(serverCalled('echo-batch'), false, () => false)).toBeUndefined();
  });
});
