/**
 * A name that rules look at and change: its octets as they stand, and its text, which most rules are about. The text is made when a rule
 * wants it, and at most once for each name.
 */
import { MAX_NAME_OCTETS, equalFolded, nameFromText, nameToText } from '../../wire/name.ts';

export class MutableName {
  /** Expanded; the first `length` octets count. */
  readonly octets = new Uint8Array(MAX_NAME_OCTETS);
  length = 0;
  /** What a rule made of the name, if that is no name; the octets are then those from before. */
  invalid: string | undefined;
  private folded: string | undefined;

  /** Takes a name over. @param length at most MAX_NAME_OCTETS; `from` is expanded there */
  set(from: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) this.octets[i] = from[i];
    this.loaded(length);
  }

  /** Somebody has written a name of this length to `octets`. */
  loaded(length: number): void {
    this.length = length;
    this.invalid = undefined;
    this.folded = undefined;
  }

  /** Presentation form in small letters with its final dot. */
  get text(): string {
    // Octets beyond ASCII are escapes by now, so nothing but ASCII letters is folded.
    this.folded ??= nameToText(this.octets, 0, this.length).toLowerCase();
    return this.folded;
  }

  /** Gives it another name; `invalid` is set where the text is none. */
  setText(text: string): void {
    let octets: Uint8Array;
    try {
      octets = nameFromText(text);
    } catch {
      this.invalid = text;
      return;
    }
    this.set(octets, octets.length);
  }

  /** Whether it is this name, ASCII case aside. */
  equals(name: Uint8Array): boolean {
    return this.length === name.length && equalFolded(this.octets, 0, name, 0, name.length);
  }

  /** How many octets stand in front of `name`, which it ends with; -1 where it does not end with it at a label's border. */
  octetsAbove(name: Uint8Array): number {
    let offset = 0;
    while (this.length - offset > name.length) offset += this.octets[offset] + 1;
    const isEnd =
      this.length - offset === name.length && equalFolded(this.octets, offset, name, 0, name.length);
    return isEnd ? offset : -1;
  }

  /** Keeps the first `above` octets, whole labels, and puts `name` behind them; `invalid` is set where that is too long. */
  moveUnder(name: Uint8Array, above: number): void {
    if (above + name.length > MAX_NAME_OCTETS) {
      this.invalid = nameToText(this.octets, 0, above) + nameToText(name);
      return;
    }
    this.octets.set(name, above);
    this.loaded(above + name.length);
  }

  /** Its octets: a view that the next change overwrites. */
  view(): Uint8Array {
    return this.octets.subarray(0, this.length);
  }
}
