/** What rules do to an answer on its way back: each kind of rule overrides what it is about. */
import type { MutableName } from './mutable-name.ts';
import type { Rename } from './name-match.ts';

export abstract class AnswerStep {
  /** Whether it may change names of records. */
  abstract readonly renames: boolean;
  /** Whether it is about aliases, by `alias`. */
  readonly followsAliases: boolean = false;

  /** The owner of a record. */
  owner(_name: MutableName): void {}

  /** The name in the RDATA of a record, see `rdata-names.ts`. */
  value(_name: MutableName): void {}

  /** @param seconds of a record. @returns seconds it gets instead */
  ttl(seconds: number): number {
    return seconds;
  }

  /** @returns the rcode it becomes */
  rcode(rcode: number): number {
    return rcode;
  }

  /** What an alias points to, see `follow-alias.ts`. @returns whether the rule is about it; it has its new name then */
  alias(_target: MutableName): boolean {
    return false;
  }
}

/** The question's old name in place of its new one, and of what stands above that in longer names. */
export class RestoreName extends AnswerStep {
  readonly renames = true;
  private readonly oldName: Uint8Array;
  private readonly newName: Uint8Array;

  constructor(oldName: Uint8Array, newName: Uint8Array) {
    super();
    this.oldName = oldName;
    this.newName = newName;
  }

  override owner(name: MutableName): void {
    const above = name.octetsAbove(this.newName);
    // Every name stands above the root, and none is meant by it.
    if (above === 0 || (above > 0 && this.newName.length > 1)) name.moveUnder(this.oldName, above);
  }

  override value(name: MutableName): void {
    this.owner(name);
  }
}

/** Renames owners, values, or both, by what the Corefile says. */
export class RenameStep extends AnswerStep {
  readonly renames = true;
  private readonly rename: Rename;
  private readonly isFor: 'owner' | 'value' | 'both';

  constructor(rename: Rename, isFor: 'owner' | 'value' | 'both') {
    super();
    this.rename = rename;
    this.isFor = isFor;
  }

  override owner(name: MutableName): void {
    if (this.isFor !== 'value') this.rename(name);
  }

  override value(name: MutableName): void {
    if (this.isFor !== 'owner') this.rename(name);
  }
}
