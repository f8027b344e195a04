/** What holds for every message that can be said at all, whoever laid it out. */
import * as fc from 'fast-check';
import { Packet } from 'dns2';
import { describe, expect, it } from 'vitest';
import { rebuildMessage, withoutOpt } from '../../src/wire/builder.ts';
import { classify } from '../../src/wire/classify.ts';
import { writeOpt } from '../../src/wire/edns.ts';
import { SECTION_ADDITIONAL, TC, readCount, readFlags, writeCount } from '../../src/wire/header.ts';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { hasQuestion } from '../../src/wire/same-question.ts';
import { truncate } from '../../src/wire/truncate.ts';
import { clampTtls, findTtls, levelRrsets } from '../../src/wire/ttl.ts';
import { build, messageModel, write } from './arbitrary-message.ts';
import type { MessageModel } from './arbitrary-message.ts';
import { listQuestions, listRecords } from './list-records.ts';
import { octets } from './raw-message.ts';

const isSound = (message: Uint8Array): boolean => messageIsSound(message, message.length, nameScratch());

function holds(seed: number, property: (model: MessageModel) => void): void {
  fc.assert(fc.property(messageModel, property), { seed, numRuns: 150 });
}

function withOpt(message: Uint8Array): Uint8Array {
  const longer = octets(message, new Uint8Array(11));
  writeOpt(longer, message.length, 1232, 0, true, undefined);
  writeCount(longer, SECTION_ADDITIONAL, readCount(longer, SECTION_ADDITIONAL) + 1);
  return longer;
}

describe('every message', () => {
  it('is sound and says the same, written by the builder or by others', () => {
    holds(1, (model) => {
      const [built, written] = [build(model), write(model)];
      expect(isSound(built)).toBe(true);
      expect(isSound(written)).toBe(true);
      expect(listRecords(built, model.name)).toEqual(listRecords(written, model.name));
      expect(listQuestions(built)).toEqual(listQuestions(written));
    });
  });

  it('says the same when it is laid out anew, however it was laid out before', () => {
    holds(2, (model) => {
      for (const message of [build(model), write(model)]) {
        const rebuilt = rebuildMessage(message, message.length);
        expect(isSound(rebuilt)).toBe(true);
        expect(readFlags(rebuilt)).toBe(readFlags(message));
        expect(listQuestions(rebuilt)).toEqual(listQuestions(message));
        expect(listRecords(rebuilt, model.name)).toEqual(listRecords(message, model.name));
        expect(Buffer.from(rebuildMessage(rebuilt, rebuilt.length)), 'once more').toEqual(
          Buffer.from(rebuilt),
        );
      }
    });
  });

  it('is the same again when an OPT has been added and taken off', () => {
    holds(3, (model) => {
      const message = write(model);
      const longer = withOpt(message);
      expect(Buffer.from(withoutOpt(longer, longer.length))).toEqual(Buffer.from(message));
    });
  });

  it('is sound when it is cut to any size, and what is left are its first records', () => {
    fc.assert(
      fc.property(messageModel, fc.integer({ min: 0, max: 1500 }), (model, limit) => {
        const message = write(model);
        const cut = message.slice();
        const rest = cut.subarray(0, truncate(cut, cut.length, limit));
        const [all, left] = [listRecords(message), listRecords(rest)];
        expect(rest.length <= limit || left.length === 0).toBe(true);
        expect(left).toEqual(all.slice(0, left.length));
        const lost = all.slice(left.length).some((line) => !line.startsWith('additional'));
        const before = (readFlags(message) & TC) !== 0;
        expect((readFlags(rest) & TC) !== 0).toBe(before || lost);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('has as many TTLs as records, and only they change when they are levelled and clamped', () => {
    holds(5, (model) => {
      const message = write(model);
      const offsets = findTtls(message, message.length);
      expect(offsets).toHaveLength(model.records.length);
      const before = listRecords(message);
      levelRrsets(message, message.length, offsets);
      clampTtls(message, offsets, 5, 600);
      const after = listRecords(message);
      expect(after.map(withoutTtl)).toEqual(before.map(withoutTtl));
      expect(after.every((line) => ttlOf(line) >= 5 && ttlOf(line) <= 600)).toBe(true);
    });
  });

  it('is classified the same however it was laid out, and has its own question', () => {
    holds(6, (model) => {
      const [built, written] = [build(model), write(model)];
      const kinds = [built, written].map((message) => classify(message, message.length));
      expect(kinds[0].kind).toBe(kinds[1].kind);
      expect(kinds[0].soaMinimumSeconds).toBe(kinds[1].soaMinimumSeconds);
      const { name, type, class: klass } = model;
      expect(hasQuestion(written, written.length, name, name.length, type, klass)).toBe(true);
      expect(hasQuestion(written, written.length, name, name.length, type ^ 1, klass)).toBe(false);
    });
  });

  it('is to dns2, as the builder lays it out, what it is to us', () => {
    let read = 0;
    holds(7, (model) => {
      const message = build(model);
      const packet = Packet.parse(Buffer.from(message));
      const records = [...packet.answers, ...packet.authorities, ...packet.additionals];
      // It looks into RDATA that is opaque here, and arbitrary.
      if (packet.errors.length > 0) return;
      read++;
      expect(records).toHaveLength(model.records.length);
      for (const [index, record] of records.entries()) {
        const { owner, type, class: klass, ttl } = model.records[index];
        expect([record.type, record.class], 'type and class').toEqual([type, klass]);
        // dns2 cuts TTLs to 31 bits, and joins labels with dots and no escapes.
        expect(record.ttl).toBe(Math.min(ttl, 0x7fff_ffff));
        expect(record.name.toLowerCase()).toBe(joined(owner).toLowerCase());
      }
    });
    expect(read).toBeGreaterThan(50);
  });
});

function joined(name: Uint8Array): string {
  const labels: string[] = [];
  for (let at = 0; name[at] > 0; at += name[at] + 1) {
    labels.push(Buffer.from(name.subarray(at + 1, at + 1 + name[at])).toString('latin1'));
  }
  return labels.join('.');
}

const withoutTtl = (line: string): string => line.split(' ').toSpliced(2, 1).join(' ');
const ttlOf = (line: string): number => Number(line.split(' ')[2]);
