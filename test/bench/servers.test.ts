import { describe, expect, it } from 'vitest';
import { rowsOf } from './bench-tools.ts';
import { SERVERS } from './servers.ts';
import type { Place, Server } from './servers/server.ts';

const PLACE: Place = { directory: '/run/here', port: 1053, sparePort: 1054, upstreamPort: 1055 };

describe('the table of servers', () => {
  it('has each name once', () => {
    const names = SERVERS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it('knows which package brings each program', () => {
    const unknown = SERVERS.filter(({ tool }) => tool !== undefined && rowsOf(tool).length === 0);
    expect(unknown).toEqual([]);
  });
});

/** All that a server is told. */
function textOf(server: Server): string {
  return [...Object.values(server.files(PLACE)), ...server.command(PLACE)].join('\n');
}

describe.each(SERVERS)('$name', (server) => {
  it('listens on its port', () => {
    expect(textOf(server)).toMatch(/\b1053\b/);
  });
});

describe.each(SERVERS.filter(({ role }) => role !== 'floor'))('$name', (server) => {
  it('asks the upstream and nobody else', () => {
    expect(textOf(server)).toMatch(/127\.0\.0\.1\D1055\b/);
    const addresses = textOf(server).match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];
    expect(addresses.filter((address) => !address.startsWith('127.'))).toEqual([]);
  });
});
