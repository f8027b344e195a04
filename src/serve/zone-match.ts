/**
 * Which server block answers: the one with the longest zone that the question's name ends in (by labels, never by letters). For QTYPE=DS
 * the block of the parent side is asked where both are served (RFC 4035 section 3.1.4.1), as CoreDNS does. No strings are made: zones are
 * filed by their length, so a name is compared only where its remainder has the length of a zone.
 */
import type { Zone } from '../chain/identity.ts';
import type { Query } from '../chain/query.ts';
import { TYPE_DS } from '../wire/registry.ts';

export interface ZoneRow<Block> {
  readonly zone: Zone;
  readonly block: Block;
}

export class ZoneTable<Block> {
  /** Rows by the octets of their zone's name; the root has 1. */
  private readonly byLength: ZoneRow<Block>[][] = [];

  add(zone: Zone, block: Block): void {
    const length = zone.name.length;
    while (this.byLength.length <= length) this.byLength.push([]);
    this.byLength[length].push({ zone, block });
  }

  /** The row of this very zone. */
  find(zone: Zone): ZoneRow<Block> | undefined {
    return this.byLength[zone.name.length]?.find((row) => row.zone.text === zone.text);
  }

  *zones(): Iterable<Zone> {
    for (const rows of this.byLength) for (const row of rows) yield row.zone;
  }

  match(query: Query): ZoneRow<Block> | undefined {
    const name = query.foldedName;
    const end = query.nameLength;
    let parent: ZoneRow<Block> | undefined;
    for (let offset = 0; offset < end; offset += name[offset] + 1) {
      const row = this.rowAt(name, offset, end - offset);
      if (row === undefined) continue;
      const isRoot = end - offset === 1;
      if (query.type !== TYPE_DS || (isRoot && parent === undefined)) return row;
      if (!isRoot) parent = row;
    }
    return parent;
  }

  private rowAt(name: Uint8Array, offset: number, length: number): ZoneRow<Block> | undefined {
    const rows = this.byLength[length];
    if (rows === undefined) return undefined;
    for (const row of rows) if (equal(row.zone.name, name, offset)) return row;
    return undefined;
  }
}

/** Both are folded, so octets decide. */
function equal(zone: Uint8Array, name: Uint8Array, offset: number): boolean {
  for (let i = 0; i < zone.length; i++) if (zone[i] !== name[offset + i]) return false;
  return true;
}
