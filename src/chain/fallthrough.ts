/**
 * The option `fallthrough [ZONE...]` that several plugins have: for which names a plugin that has no answer leaves the query to the next
 * one. What "has no answer" means is the plugin's business.
 */
import type { Zone } from './identity.ts';
import type { Query } from './query.ts';
import { matchZone, namedZones } from './zones.ts';

export class Fallthrough {
  /** Of a plugin without the option. */
  static readonly NEVER = new Fallthrough([]);

  private readonly zones: readonly Zone[];

  private constructor(zones: readonly Zone[]) {
    this.zones = zones;
  }

  /**
   * @param args the option's arguments; without any, every name falls through
   * @throws RangeError for an argument that is not a zone
   */
  static fromArgs(args: readonly string[]): Fallthrough {
    return new Fallthrough(namedZones(args.length === 0 ? ['.'] : args));
  }

  /** Whether the query goes to the next plugin. */
  through(query: Query): boolean {
    return matchZone(this.zones, query.foldedName, query.nameLength) !== undefined;
  }
}
