/** Who has to go when there are too many connections, or they hold too much. */
import { describe, expect, it } from 'vitest';
import { ClientConnections } from '../../src/listen/client-connections.ts';
import type { ClientConnection } from '../../src/listen/client-connections.ts';

interface Named extends ClientConnection {
  readonly name: string;
}

const connection = (name: string, overrides: Partial<ClientConnection> = {}): Named => ({
  name,
  client: name[0] ?? '',
  isBusy: false,
  activeMs: 0,
  heldOctets: 0,
  ...overrides,
});

function withAll(...connections: readonly Named[]): ClientConnections<Named> {
  const all = new ClientConnections<Named>();
  for (const one of connections) all.add(one);
  return all;
}

/** Who goes when this one, which is among them, is one too many. */
const leaving = (newcomer: Named, ...others: readonly Named[]): string =>
  withAll(...others, newcomer).oneTooMany(newcomer).name;

describe('one connection too many', () => {
  it('is one of the client that has most, and there the one without work for longest', () => {
    const others = [
      connection('a1', { activeMs: 20 }),
      connection('a2', { activeMs: 10 }),
      connection('a3', { activeMs: 30 }),
      connection('c1', { activeMs: 5 }),
    ];
    expect(leaving(connection('b1', { activeMs: 40 }), ...others)).toBe('a2');
  });

  it('is one with work to do only where all have some', () => {
    const busy = { isBusy: true };
    expect(leaving(connection('b1'), connection('a1', busy), connection('a2', { activeMs: 99 }))).toBe('a2');
    expect(
      leaving(
        connection('b1'),
        connection('a1', { ...busy, activeMs: 2 }),
        connection('a2', { ...busy, activeMs: 1 }),
      ),
    ).toMatch(/^a/);
  });

  it('is the newcomer itself when its client has most', () => {
    expect(leaving(connection('a3'), connection('a1'), connection('a2'), connection('b1'))).toBe('a3');
  });

  it('is the newcomer itself when all have the same', () => {
    expect(leaving(connection('c1'), connection('a1'), connection('b1'))).toBe('c1');
  });
});

describe('the connection that holds too much', () => {
  it('is the heaviest of the client whose connections hold most together', () => {
    const all = withAll(
      connection('a1', { heldOctets: 100 }),
      connection('b1', { heldOctets: 60 }),
      connection('b2', { heldOctets: 70 }),
    );
    expect(all.heaviest()?.name).toBe('b2');
  });

  it('is none where there is none', () => {
    expect(withAll().heaviest()).toBeUndefined();
  });
});

it('knows all connections of all clients until they are gone', () => {
  const [first, second] = [connection('a1'), connection('b1')];
  const all = withAll(first, second);
  expect([...all]).toEqual([first, second]);
  expect([all.delete(first), all.delete(first)]).toEqual([true, false]);
  expect([...all]).toEqual([second]);
  expect(all.size).toBe(1);
});
