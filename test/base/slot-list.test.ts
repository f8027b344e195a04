/** Lists over numbered slots, held against arrays. */
import { array, assert, boolean, integer, property, record } from 'fast-check';
import { expect, it } from 'vitest';
import { NO_SLOT, SlotLinks, SlotList } from '../../src/base/slot-list.ts';

const SLOTS = 16;

function slotsOf(list: SlotList, links: SlotLinks): number[] {
  const slots: number[] = [];
  for (let slot = list.first; slot !== NO_SLOT; slot = links.next[slot] ?? NO_SLOT) slots.push(slot);
  return slots;
}

it('lists keep the order in which slots were put in, whoever is taken out, and share links', () => {
  const step = record({ slot: integer({ min: 0, max: SLOTS - 1 }), toFirst: boolean() });
  assert(
    property(array(step, { maxLength: 200 }), (steps) => {
      const links = new SlotLinks(SLOTS);
      const lists = [new SlotList(links), new SlotList(links)] as const;
      const models: [number[], number[]] = [[], []];
      for (const { slot, toFirst } of steps) {
        const at = models.findIndex((model) => model.includes(slot));
        if (at < 0) {
          const into = toFirst ? 0 : 1;
          lists[into].append(slot);
          models[into].push(slot);
        } else {
          lists[at]?.remove(slot);
          models[at]?.splice(models[at].indexOf(slot), 1);
        }
        for (const [index, list] of lists.entries()) {
          expect(slotsOf(list, links)).toEqual(models[index]);
          expect(list.size).toBe(models[index]?.length);
          expect(list.last).toBe(models[index]?.at(-1) ?? NO_SLOT);
        }
      }
    }),
  );
});
