import { describe, expect, test } from 'vitest';
import { BATCH_SIZE, BatchMemory, CONTROL_OCTETS } from '../../src/datagram/batch-memory.ts';

const ADDRESS_OCTETS = 28;
const ADDRESS = 0x7f00_0000_0000;

/** What the system does to the first `count` messages when it receives: it writes how long their control data is. */
function receive(memory: BatchMemory, count: number): void {
  for (let index = 0; index < count; index++) memory.setControlOctets(index, 24);
  memory.received = count;
}

const rooms = (memory: BatchMemory) =>
  Array.from({ length: BATCH_SIZE }, (_, index) => memory.controlOctets(index));

describe('room for what is to be received', () => {
  test('is whole again for every message, however many came', () => {
    const memory = new BatchMemory(() => ADDRESS);
    for (const count of [BATCH_SIZE, 1, 0, 3]) {
      memory.makeRoom(ADDRESS_OCTETS, CONTROL_OCTETS);
      expect(new Set(rooms(memory))).toEqual(new Set([CONTROL_OCTETS]));
      receive(memory, count);
    }
  });

  test('is what the socket wants whose turn it is, when several share the memory', () => {
    const memory = new BatchMemory(() => ADDRESS);
    memory.makeRoom(ADDRESS_OCTETS, CONTROL_OCTETS);
    receive(memory, 2);
    memory.makeRoom(ADDRESS_OCTETS, 0);
    expect(new Set(rooms(memory))).toEqual(new Set([0]));
    receive(memory, 1);
    memory.makeRoom(ADDRESS_OCTETS, CONTROL_OCTETS);
    expect(new Set(rooms(memory))).toEqual(new Set([CONTROL_OCTETS]));
  });

  test('addresses of messages follow one another', () => {
    const memory = new BatchMemory(() => ADDRESS);
    expect(memory.vectorFrom(0)).toBe(ADDRESS);
    expect(memory.vectorFrom(3) - memory.vectorFrom(2)).toBe(64);
  });
});
