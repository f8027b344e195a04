/** What holds for any text and any numbers: names from the network, help of others, files that somebody else wrote. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpAddress, parseHttpAddress } from '../../src/observe/http-address.ts';
import { createLog } from '../../src/observe/log.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { readNumbersFile } from '../../src/observe/numbers-file.ts';
import { LogRing } from '../../src/observe/ring.ts';
import { textExposition } from '../../src/observe/text-exposition.ts';
import { tempDirectory } from '../support/temp-file.ts';
import { parseExposition } from './parse-exposition.ts';

/** Text of all kinds: of letters, of what means something to some format, and half surrogate pairs. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom('"', '\\', '\n', '\r', '{', '}', ',', '\u0000', '\u001b[2J', '\u2028', '\ud83d', 'a'),
      {
        maxLength: 30,
      },
    )
    .map((parts) => parts.join('')),
);

/** What only ends or steers lines: C0, DEL, C1, and the two line ends of Unicode. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Everything that one ring has written, as lines. */
function linesBy(write: (ring: LogRing) => void, capacityOctets = 64 * 1024): readonly string[] {
  const path = join(tempDirectory(), 'log');
  const fd = openSync(path, 'w');
  const ring = new LogRing(fd, capacityOctets);
  write(ring);
  ring.flushSync(1_000);
  closeSync(fd);
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

describe('a log line', () => {
  it('of text is one line that steers no terminal, whatever it says', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 8 }), anyText, (messages, prefix) => {
        const lines = linesBy((ring) => {
          const log = createLog({ format: 'text', ring, debug: true });
          for (const message of messages) {
            log.warn(message);
            log.line(message);
            log.child(prefix.replaceAll(new RegExp(CONTROL, 'gu'), '')).error(message);
          }
        });
        expect(lines).toHaveLength(3 * messages.length);
        for (const line of lines) expect(line).not.toMatch(CONTROL);
      }),
      { numRuns: 60 },
    );
  });

  it('of JSON is one object that says what was said', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 8 }), (messages) => {
        const lines = linesBy((ring) => {
          const log = createLog({ format: 'json', ring, debug: true });
          for (const message of messages) log.warn(message);
        });
        const said = lines.map((line): { level: string; msg: string } => JSON.parse(line));
        expect(said.map(({ level, msg }) => [level, msg.toWellFormed()])).toEqual(
          messages.map((message) => ['warn', message.toWellFormed()]),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is there whole or is counted, however long it and those before it are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 60 }), (lengths) => {
        const taken: string[] = [];
        let dropped = 0;
        const lines = linesBy((ring) => {
          ring.describeLoss = (count) => `lost ${count}`;
          for (const [index, length] of lengths.entries()) {
            const line = `${index} ${'\u00fc'.repeat(length)}`;
            if (ring.append(line)) taken.push(line);
            // Room comes in between, sooner or later.
            if (index % 7 === 6) ring.flushSync(1_000);
          }
          ({ dropped } = ring);
          // What was lost is told in front of a line that is not.
          ring.flushSync(1_000);
          taken.push('the end');
          ring.append('the end');
        }, 512);
        expect(lines.filter((line) => !line.startsWith('lost '))).toEqual(taken);
        const told = lines.flatMap((line) => /^lost ([0-9]+)$/.exec(line)?.slice(1) ?? []).map(Number);
        expect(dropped).toBe(lengths.length + 1 - taken.length);
        expect(told.reduce((sum, count) => sum + count, 0)).toBe(dropped);
      }),
      { numRuns: 200 },
    );
  });
});

it('a page of metrics is read as it was meant, whatever stands in labels and help', () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.constantFrom(Infinity, -Infinity));
  fc.assert(
    fc.property(
      anyText,
      fc.uniqueArray(fc.tuple(anyText, value), { minLength: 1, selector: ([text]) => text.toWellFormed() }),
      (help, series) => {
        const registry = new MetricRegistry();
        const family = registry.gauge('g', help.toWellFormed(), ['x']);
        for (const [label, number] of series) family.with(label).value = number;
        const page = parseExposition(textExposition([...registry.families()]).body).get('g');
        expect(page?.help).toBe(help.toWellFormed());
        // No difference is made between 0 and -0.
        const found = page?.series.map(({ labels, value: number }) => [labels.get('x'), number + 0]);
        expect(found).toEqual(series.map(([label, number]) => [label.toWellFormed(), number + 0]));
      },
    ),
    { numRuns: 300 },
  );
});

it('an address of pages is refused or is written as it is read', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom('[', ']', ':', '::1', '127.0.0.1', '9253', '0', 'localhost', '%eth0', '-'))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      let address;
      try {
        address = parseHttpAddress(input);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      expect(address.port).toBeGreaterThanOrEqual(0);
      expect(address.port).toBeLessThanOrEqual(65_535);
      expect(parseHttpAddress(formatHttpAddress(address))).toEqual(address);
    }),
    { numRuns: 1_000 },
  );
});

describe('numbers of another process', () => {
  const family = {
    type: 'gauge',
    name: 'a',
    help: 'h',
    labelNames: ['x'],
    samples: [{ labelValues: ['1'], value: 2 }],
  };

  it('are families that can be shown, or nothing, whatever is in their file', async () => {
    const path = join(tempDirectory(), 'numbers');
    const fields = Object.entries(family).map(
      ([key, value]) => [key, fc.oneof(fc.constant(value), fc.jsonValue())] as const,
    );
    const near = fc.record(Object.fromEntries(fields)).map((one) => JSON.stringify([one]));
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), near);
    await fc.assert(
      fc.asyncProperty(text, async (written) => {
        writeFileSync(path, written);
        const families = await readNumbersFile(path, 60_000);
        expect(() => textExposition(families)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
