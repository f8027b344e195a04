/** In which order the addresses of an RRset go out: what `round_robin`, `weighted` and `prefer` each do to one set. */
import { isInNetwork } from '../../base/ip-network.ts';
import type { IpNetwork } from '../../base/ip-network.ts';
import type { AddressSets } from './address-sets.ts';
import type { Weights } from './weights.ts';

/** From 0 to below 1. Clients gain nothing by guessing it. */
export type Random = () => number;

/** Brings the set that `sets` stands on into order. */
export type Policy = (sets: AddressSets) => void;

const DEFAULT_WEIGHT = 1;

/** Every order is as likely as every other. */
export const shuffled =
  (random: Random): Policy =>
  (sets) => {
    for (let left = sets.size; left > 1; left--) {
      const at = Math.floor(random() * left);
      if (at !== left - 1) sets.swap(at, left - 1);
    }
  };

/** One address comes first, the likelier the more weight it has; it changes places with the one that was there. */
export const weighted =
  (weights: () => Weights, random: Random): Policy =>
  (sets) => {
    const ofOwner = weights().get(sets.ownerKey());
    const weightAt = (index: number): number => {
      const start = sets.addressOffset(index);
      const address = Buffer.from(sets.message.subarray(start, start + sets.addressOctets));
      return ofOwner?.get(address.toString('latin1')) ?? DEFAULT_WEIGHT;
    };
    let sum = 0;
    for (let i = 0; i < sets.size; i++) sum += weightAt(i);
    let left = Math.floor(random() * sum);
    for (let i = 0; i < sets.size; i++) {
      left -= weightAt(i);
      if (left < 0) return i === 0 ? undefined : sets.swap(0, i);
    }
    return undefined;
  };

/** Addresses of the first network come first, then those of the second, and in the end those of none. */
export const preferring =
  (networks: readonly IpNetwork[]): Policy =>
  (sets) => {
    const { message, size, addressOctets } = sets;
    const ranks = new Uint16Array(size);
    for (let i = 0; i < size; i++) {
      const offset = sets.addressOffset(i);
      const found = networks.findIndex((network) => isInNetwork(network, message, offset, addressOctets));
      ranks[i] = found === -1 ? networks.length : found;
    }
    if (ranks.some((rank) => rank !== ranks[0])) sets.sortByRank(ranks, networks.length);
  };
