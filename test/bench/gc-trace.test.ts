import { expect, it } from 'vitest';
import { parseCollections } from './gc-trace.ts';

const TRACE = `[INFO] serving on 2 sockets
[18806:0xcaa2000]       61 ms: Scavenge 5.5 (6.5) -> 4.9 (7.5) MB, pooled: 0 MB, 1.50 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task;${' '}
[18806:0xcaa2000]      245 ms: Mark-Compact 10.8 (17.7) -> 8.7 (17.9) MB, pooled: 0 MB, 4.00 / 0.04 ms  (+ 8.5 ms in 44 steps since start of marking, biggest step 4.5 ms, walltime since start of marking 15 ms) (average mu = 0.947, current mu = 0.947) finalize incremental marking via task; GC in old space requested
[ERROR] plugin/errors: 2 a.silent.example. A: 12 ms: 0 MB, 99.00 / 1 ms
`;

it('collections are counted with the steps that the larger ones took before', () => {
  expect(parseCollections(TRACE)).toEqual({ count: 2, longestMs: 4.5, totalMs: 14 });
});

it('of a program that prints none there are none', () => {
  expect(parseCollections('[INFO] serving\n')).toEqual({ count: 0, longestMs: 0, totalMs: 0 });
});
