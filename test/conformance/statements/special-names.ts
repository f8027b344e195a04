/** Names that some standard gives a meaning: RFC 6761, 6762, 7686, 9476, 6303, 9462. */
import type { Topic } from '../statement.ts';

export const SPECIAL_NAMES: Topic = {
  title: 'Special names',
  rows: [
    {
      id: '71',
      source: 'RFC 6761 section 6.3',
      says: '`localhost` and what is below it are the loopback addresses, have no other types, and are not forwarded.',
      note: 'Where the Corefile has `local`, as in CoreDNS.',
      heldBy: [
        ['plugins/local/local.test.ts', 'local answers > %s %s'],
        [
          'plugins/local/local.test.ts',
          'local answers > nothing for x.localhost. SOA: rcode 0, with the SOA of x.localhost.',
        ],
        ['scenario/special-names.test.ts', '%s is answered here (%s)'],
      ],
    },
    {
      id: '72',
      source: 'RFC 6761 section 6.4; RFC 7686; RFC 9476',
      says: '`invalid`, `onion` and `alt` do not exist, and are not forwarded.',
      note: 'Where the Corefile has a `template` for them, which the test gives; by default they are the upstream’s.',
      heldBy: [['scenario/special-names.test.ts', '%s is answered here (%s)']],
    },
    {
      id: '73',
      source: 'RFC 6762 section 22.1',
      says: '`local` is not special: `cluster.local` is there.',
      heldBy: [['scenario/special-names.test.ts', '%s goes upstream (%s)']],
    },
    {
      id: '74',
      source: 'RFC 6303 section 4',
      says: 'Reverse names of private networks go to the cluster DNS, which knows them.',
      note: 'RFC 6303 would have a resolver answer them; services and pods have their addresses there.',
      heldBy: [
        ['scenario/special-names.test.ts', '%s goes upstream (%s)'],
        ['plugins/local/local.test.ts', 'local leaves to the next plugin > %s'],
      ],
    },
    {
      id: '75',
      source: 'RFC 9462 sections 4, 6.4',
      says: '`resolver.arpa` gets NODATA here, and is not forwarded.',
      note: 'Where the Corefile has a `template` for it, which the test gives; by default it is the upstream’s, as in CoreDNS.',
      heldBy: [['scenario/special-names.test.ts', '%s is answered here (%s)']],
    },
  ],
};
