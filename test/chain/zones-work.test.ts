/** What it costs to find the zone of a name, counted in octets of the name that are looked at: a name's labels are a client's choice. */
import { expect, it } from 'vitest';
import { matchZone, namedZones } from '../../src/chain/zones.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { countOctets } from '../wire/counted-octets.ts';

/** Letters that make the names end alike as far as they can. */
const zoneOf = (labels: number): string => 'a.'.repeat(labels);
const ZONES = namedZones(Array.from({ length: 60 }, (_, index) => `b.${zoneOf(2 * index)}`));

function readsFor(labels: number): number {
  const name = nameFromText(zoneOf(labels));
  const { octets, reads } = countOctets(name);
  expect(matchZone(ZONES, octets, name.length)).toBeUndefined();
  return reads();
}

it('each label is looked at once, and each zone compared in one place', () => {
  // The longest name there is.
  const labels = 127;
  // The length octets, the root with them; for each zone its first label, which is where it differs.
  expect(readsFor(labels)).toBeLessThanOrEqual(labels + 1 + 2 * ZONES.length);
  expect(readsFor(labels)).toBeLessThanOrEqual(3 * readsFor(labels / 2 - 0.5));
});
