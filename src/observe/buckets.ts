/**
 * Upper bounds of the histograms, the ones that CoreDNS uses, since recording rules and dashboards name them. Which family takes which
 * list is said where the family is made.
 */

/** Seconds, 0.25 ms to 8.192 s, doubling from 1 ms on: requests and exchanges. */
export const TIME_BUCKETS: readonly number[] = [
  0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096,
  8.192,
];

/** Seconds, tenfold steps: things that are rare, such as the health self-probe. */
export const SLIM_TIME_BUCKETS: readonly number[] = [0.00025, 0.0025, 0.025, 0.25, 2.5];

/** Octets of a DNS message. */
export const SIZE_BUCKETS: readonly number[] = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000,
];
