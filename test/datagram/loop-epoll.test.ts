import { describe, it } from 'vitest';
import { byEpoll, expectLater, loop, setUp } from './loop-wait-harness.ts';

describe.skipIf(loop === undefined)(
  'an epoll descriptor in the place of the loop (where koffi works)',
  () => {
    it.each<[string, 'createEpoll' | 'createTimer' | 'setTimer']>([
      ['epoll', 'createEpoll'],
      ['a timer', 'createTimer'],
      ['to set the timer', 'setTimer'],
    ])('leaves it to the loop, and tries it again later, where the system does not give %s', (_, name) => {
      let isGiven = false;
      const real: ((...args: number[]) => number) | undefined = loop?.[name];
      const { box, standIn, isOn } = setUp(byEpoll, {
        [name]: (...args: number[]) => (isGiven ? (real?.(...args) ?? -1) : -1),
      });
      expectLater(box, standIn, isOn, () => (isGiven = true));
    });
  },
);
