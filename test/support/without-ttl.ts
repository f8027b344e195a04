/** Records as words, for tests in which time may go by between an answer and the next. */

/** `www.example. IN A 192.0.2.1`, of a record with its TTL in second place. */
export const withoutTtl = (record: string): string => record.replace(/^(\S+) \d+ /, '$1 ');
