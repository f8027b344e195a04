/**
 * Octets that count how often they are looked at: what a reader costs, as a number that is the same on every machine, however busy. A copy
 * counts each octet once; copies and views go on counting.
 */

export interface CountedOctets {
  readonly octets: Uint8Array;
  /** Octets read so far, each as often as it was. */
  readonly reads: () => number;
}

/** Counts up in one place for an array, its views and its copies. */
interface Tally {
  reads: number;
}

const INDEX = /^\d+$/;

export function countOctets(bytes: Uint8Array): CountedOctets {
  const tally: Tally = { reads: 0 };
  return { octets: watched(bytes, tally), reads: () => tally.reads };
}

function watched(bytes: Uint8Array, tally: Tally): Uint8Array {
  return new Proxy(bytes, {
    get(target, key): unknown {
      if (typeof key === 'string' && INDEX.test(key)) {
        tally.reads++;
        return target[Number(key)];
      }
      if (key === 'subarray') {
        return (begin?: number, end?: number) => watched(target.subarray(begin, end), tally);
      }
      if (key === 'slice') {
        return (begin?: number, end?: number) => {
          const copy = target.slice(begin, end);
          tally.reads += copy.length;
          return watched(copy, tally);
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set(target, key, value: unknown) {
      return Reflect.set(target, key, value, target);
    },
  });
}
