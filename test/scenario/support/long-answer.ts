/** One name with so many addresses that its answer has 64 KB, which is as long as answers over TCP get. */
import { rawQuery } from '../../support/raw-message.ts';
import { framed } from '../../support/tcp-client.ts';
import { tempFile } from '../../support/temp-file.ts';

const NAME = 'big.test';
const ADDRESSES = 4_000;

/** A file for `hosts` with that name. @returns its path */
export function longAnswerHosts(): string {
  const lines = Array.from({ length: ADDRESSES }, (_, i) => `10.0.${i >>> 8}.${i & 0xff} ${NAME}\n`);
  return tempFile(lines.join(''), 'hosts');
}

/** So many queries for it, as TCP has them. */
export const longAnswerQueries = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, id) => framed(rawQuery({ id, name: NAME }))));
