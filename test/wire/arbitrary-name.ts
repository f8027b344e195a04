/** Names for properties, as expanded octets: mostly out of few labels, so that they share suffixes, and some of any octets at all. */
import * as fc from 'fast-check';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from '../../src/wire/name.ts';
import { octets } from './raw-message.ts';

const familiarLabel = fc
  .constantFrom('www', 'WWW', 'a', 'A', 'example', 'Example', 'org', 'svc', 'cluster', 'local', '_tcp', '*')
  .map((text) => Uint8Array.from(Buffer.from(text)));

const anyLabel = fc.uint8Array({ minLength: 1, maxLength: MAX_LABEL_OCTETS });

function nameOf(labels: readonly Uint8Array[]): Uint8Array {
  let room = MAX_NAME_OCTETS - 1;
  const fitting = labels.filter((label) => (room -= label.length + 1) >= 0);
  return octets(...fitting.flatMap((label) => [label.length, label]), 0);
}

export const familiarName = fc.array(familiarLabel, { maxLength: 6 }).map((labels) => nameOf(labels));

/** Any name that can stand in a message, up to 255 octets. */
export const arbitraryName = fc.oneof(
  { weight: 3, arbitrary: familiarName },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(familiarLabel, anyLabel), { maxLength: 8 }).map((labels) => nameOf(labels)),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.uint8Array({ minLength: 1, maxLength: 1 }), { maxLength: 127 })
      .map((labels) => nameOf(labels)),
  },
);
