/**
 * The RRsets of addresses in a reply, and their records brought into another order where they stand.
 *
 * Records of one RRset of addresses differ in TTL and address only, and these are of the same size and hold no names. So two records change
 * places when these octets do: nothing moves, and every compression pointer of the message goes on pointing at what it did.
 *
 *     owner ─ type ─ class ─┬ TTL ─ RDLENGTH ─ address ┬ owner ─ type ─ class ─┬ TTL ─ RDLENGTH ─ address ┐
 *                           └──────── swapped ─────────┘                       └──────── swapped ─────────┘
 */
import {
  HEADER_OCTETS,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  readCount,
  readUint16,
} from '../../wire/header.ts';
import { MALFORMED, equalFolded, expandName, foldInto, skipPlainName } from '../../wire/name.ts';
import { nameScratch } from '../../wire/records.ts';
import { TYPE_A, TYPE_AAAA } from '../../wire/registry.ts';

/** Octets of the TTL and of RDLENGTH in front of an address. */
const ADDRESS_FROM_TTL = 6;
/** Octets of type and class in front of the TTL. */
const TYPE_BEFORE_TTL = 4;

export const isAddressType = (type: number): boolean => type === TYPE_A || type === TYPE_AAAA;

/** A walk over the RRsets of two addresses and more. One object serves reply after reply. */
export class AddressSets {
  message: Uint8Array = new Uint8Array(0);
  /** Records of the set that was found. */
  size = 0;
  /** Octets of each of its addresses. */
  addressOctets = 0;
  private length = 0;
  private ttlOffsets: Uint16Array = new Uint16Array(0);
  private ttlCount = 0;
  private first = 0;
  private recordsOffset = 0;
  private answerEnd = 0;
  private authorityEnd = 0;
  private readonly owner = nameScratch();
  private readonly otherOwner = nameScratch();

  /**
   * Sets out.
   * @param message sound, with one question; `ttlOffsets` are those of all its records.
   */
  start(message: Uint8Array, length: number, ttlOffsets: Uint16Array, ttlCount: number): void {
    this.message = message;
    this.length = length;
    this.ttlOffsets = ttlOffsets;
    this.ttlCount = ttlCount;
    this.first = 0;
    this.size = 0;
    this.recordsOffset = skipPlainName(message, HEADER_OCTETS, length) + 4;
    this.answerEnd = readCount(message, SECTION_ANSWER);
    this.authorityEnd = this.answerEnd + readCount(message, SECTION_AUTHORITY);
  }

  /** Goes to the next set. @returns false behind the last one. */
  next(): boolean {
    for (let from = this.first + this.size; from + 1 < this.ttlCount;) {
      let end = from + 1;
      if (this.isAddress(from)) while (end < this.ttlCount && this.goOnTogether(end)) end++;
      if (end - from > 1) {
        this.first = from;
        this.size = end - from;
        this.addressOctets = this.rdataOctets(from);
        return true;
      }
      from = end;
    }
    return false;
  }

  /** Where the address of a record of the set stands. */
  addressOffset(index: number): number {
    return this.ttlOffsets[this.first + index] + ADDRESS_FROM_TTL;
  }

  /** Two records of the set change places. */
  swap(a: number, b: number): void {
    const { message } = this;
    const aOffset = this.ttlOffsets[this.first + a];
    const bOffset = this.ttlOffsets[this.first + b];
    const octets = ADDRESS_FROM_TTL + this.addressOctets;
    for (let i = 0; i < octets; i++) {
      const octet = message[aOffset + i];
      message[aOffset + i] = message[bOffset + i];
      message[bOffset + i] = octet;
    }
  }

  /** Gives every record the place that its rank says, lowest first; records of one rank stay in their order. */
  sortByRank(ranks: Uint16Array, highest: number): void {
    const { message, size } = this;
    const octets = ADDRESS_FROM_TTL + this.addressOctets;
    const sorted = new Uint8Array(size * octets);
    let at = 0;
    for (let rank = 0; rank <= highest; rank++) {
      for (let i = 0; i < size; i++) {
        if (ranks[i] !== rank) continue;
        const offset = this.ttlOffsets[this.first + i];
        sorted.set(message.subarray(offset, offset + octets), at);
        at += octets;
      }
    }
    for (let i = 0; i < size; i++) {
      message.set(sorted.subarray(i * octets, (i + 1) * octets), this.ttlOffsets[this.first + i]);
    }
  }

  /** The owner's name, folded and in wire form, as latin1 of its octets. */
  ownerKey(): string {
    const octets = expandName(this.message, this.startOf(this.first), this.length, this.owner, 0);
    foldInto(this.owner, 0, Math.max(octets, 0), this.owner, 0);
    return Buffer.from(this.owner.buffer, 0, Math.max(octets, 0)).toString('latin1');
  }

  private isAddress(record: number): boolean {
    const type = readUint16(this.message, this.ttlOffsets[record] - TYPE_BEFORE_TTL);
    const octets = this.rdataOctets(record);
    return type === TYPE_A ? octets === 4 : type === TYPE_AAAA && octets === 16;
  }

  /** Whether a record belongs to the RRset of the one in front of it, which is an address. */
  private goOnTogether(record: number): boolean {
    if (record === this.answerEnd || record === this.authorityEnd) return false;
    const { message, ttlOffsets } = this;
    const before = ttlOffsets[record - 1];
    const here = ttlOffsets[record];
    for (let i = 1; i <= TYPE_BEFORE_TTL; i++) if (message[here - i] !== message[before - i]) return false;
    return this.rdataOctets(record) === this.rdataOctets(record - 1) && this.isSameOwner(record);
  }

  /** The same octets are the same name, pointers included; other octets may be, too. */
  private isSameOwner(record: number): boolean {
    const { message, ttlOffsets, owner, otherOwner } = this;
    const before = this.startOf(record - 1);
    const here = this.startOf(record);
    const octets = ttlOffsets[record] - TYPE_BEFORE_TTL - here;
    if (octets === ttlOffsets[record - 1] - TYPE_BEFORE_TTL - before) {
      let i = 0;
      while (i < octets && message[before + i] === message[here + i]) i++;
      if (i === octets) return true;
    }
    const length = expandName(message, here, this.length, owner, 0);
    if (length === MALFORMED || expandName(message, before, this.length, otherOwner, 0) !== length)
      return false;
    return equalFolded(owner, 0, otherOwner, 0, length);
  }

  private startOf(record: number): number {
    if (record === 0) return this.recordsOffset;
    return this.ttlOffsets[record - 1] + ADDRESS_FROM_TTL + this.rdataOctets(record - 1);
  }

  private rdataOctets(record: number): number {
    return readUint16(this.message, this.ttlOffsets[record] + TYPE_BEFORE_TTL);
  }
}
