import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.ts';
import type { LogFormat, RootLog } from '../../src/observe/log.ts';
import { LogRing } from '../../src/observe/ring.ts';

const CAPACITY = 4096;

let directory = '';
let fd = 0;
let ring: LogRing;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
  fd = openSync(join(directory, 'log'), 'w');
  ring = new LogRing(fd, CAPACITY);
});

afterEach(() => {
  written();
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

/** What has come out so far. */
function written(): string {
  ring.flushSync(0);
  return readFileSync(join(directory, 'log'), 'utf8');
}

const openLog = (format: LogFormat, debug = false): RootLog => createLog({ format, ring, debug });

const objects = (): unknown[] =>
  written()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('the text format', () => {
  // First in this file: a module that is loaded stays so.
  it('does not load pino', () => {
    openLog('text').info('started');
    const { cache } = createRequire(import.meta.url);
    expect(Object.keys(cache).filter((path) => path.includes('/pino/'))).toEqual([]);
  });

  it("is CoreDNS's", () => {
    const log = openLog('text', true);
    log.debug('one');
    log.info('two');
    log.warn('three');
    log.error('four');
    log.line('10.244.0.2:4711 - 1 "A IN example.org. udp 40 false 512" NOERROR');
    expect(written()).toBe(
      [
        '[DEBUG] one',
        '[INFO] two',
        '[WARNING] three',
        '[ERROR] four',
        '[INFO] 10.244.0.2:4711 - 1 "A IN example.org. udp 40 false 512" NOERROR',
        '',
      ].join('\n'),
    );
  });

  it('prefixes the messages of a child, but not its finished lines', () => {
    const child = openLog('text').child('plugin/forward');
    child.warn('no upstream');
    child.child('tls').error('no certificate');
    child.line('a finished line');
    expect(written()).toBe(
      '[WARNING] plugin/forward: no upstream\n[ERROR] plugin/forward: tls: no certificate\n[INFO] a finished line\n',
    );
  });

  it('says which of several processes it is, but not in finished lines', () => {
    const log = createLog({ format: 'text', ring, debug: false, worker: 2 });
    log.info('one');
    log.child('plugin/forward').warn('two');
    log.line('a finished line');
    expect(written()).toBe(
      '[INFO] worker=2: one\n[WARNING] worker=2: plugin/forward: two\n[INFO] a finished line\n',
    );
  });

  it.each([
    ['a newline', 'a\nb', String.raw`a\nb`],
    ['a carriage return and a tab', 'a\r\tb', String.raw`a\r\tb`],
    ['an escape sequence', '\x1B[2J', String.raw`\x1b[2J`],
    ['a NUL and a DEL', '\0\x7F', String.raw`\x00\x7f`],
    ['a control character of Latin-1', '\x9B', String.raw`\x9b`],
    ['a line separator', 'a\u2028b', String.raw`a\u2028b`],
    ['backslashes and quotes', String.raw`"\n"`, String.raw`"\n"`],
    ['characters beyond ASCII', 'b\u00FCcher \u{1F600}', 'b\u00FCcher \u{1F600}'],
  ])('keeps on one line what holds %s', (_, message, shown) => {
    const log = openLog('text');
    log.info(message);
    log.line(message);
    expect(written()).toBe(`[INFO] ${shown}\n[INFO] ${shown}\n`);
  });

  it('tells of lost lines', () => {
    const log = openLog('text');
    log.info('x'.repeat(CAPACITY));
    log.info('two');
    log.info('x'.repeat(CAPACITY));
    log.info('x'.repeat(CAPACITY));
    expect(written()).toBe(
      '[WARNING] 1 log line dropped\n[INFO] two\n[WARNING] 1 log line dropped\n[WARNING] 1 log line dropped\n',
    );
  });
});

describe('the JSON format', () => {
  it('has one object a line', () => {
    const log = openLog('json', true);
    const before = Date.now();
    log.debug('one');
    log.info('two');
    log.warn('three');
    log.error('four');
    log.line('five');
    const lines = objects();
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(lines).toEqual([
      { level: 'debug', time, msg: 'one' },
      { level: 'info', time, msg: 'two' },
      { level: 'warn', time, msg: 'three' },
      { level: 'error', time, msg: 'four' },
      { level: 'info', time, msg: 'five' },
    ]);
    const times = lines.map((line) => Date.parse(Object(line).time));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(before);
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.now());
  });

  it('says which of several processes it is', () => {
    const log = createLog({ format: 'json', ring, debug: false, worker: 2 });
    log.child('plugin/forward').warn('one');
    log.line('a finished line');
    expect(objects()).toMatchObject([
      { worker: 2, component: 'plugin/forward', msg: 'one' },
      { worker: 2, msg: 'a finished line' },
    ]);
  });

  it('names the component of a child once', () => {
    const child = openLog('json').child('plugin/forward');
    child.warn('no upstream');
    child.child('tls').error('no certificate');
    child.line('a finished line');
    expect(objects()).toMatchObject([
      { component: 'plugin/forward', msg: 'no upstream' },
      { component: 'plugin/forward: tls', msg: 'no certificate' },
      { component: 'plugin/forward', msg: 'a finished line' },
    ]);
    expect(written().match(/"component"/g)).toHaveLength(3);
  });

  it.each([
    ['newlines and quotes', 'a\n"b"\r\t\\'],
    ['control characters', '\0\x1B\x7F'],
    ['placeholders', '%s %d %j %%'],
  ])('keeps %s', (_, message) => {
    const log = openLog('json');
    log.info(message);
    log.line(message);
    expect(objects()).toMatchObject([{ msg: message }, { msg: message }]);
  });

  it('tells of lost lines, in the same form', () => {
    const log = openLog('json');
    log.info('x'.repeat(CAPACITY));
    log.warn('2 log lines dropped');
    const [loss, line] = written()
      .replace(/"time":"[^"]*"/g, '"time":""')
      .split('\n');
    expect(loss).toBe(line.replace('2 log lines', '1 log line'));
  });
});

describe.each<LogFormat>(['text', 'json'])('debug lines in %s', (format) => {
  it('come out only while debug is on, in children too', () => {
    const log = openLog(format);
    const child = log.child('plugin/x');
    const seen: boolean[] = [];
    for (const on of [false, true, false]) {
      log.setDebug(on);
      log.debug(`root ${on}`);
      child.debug(`child ${on}`);
      seen.push(log.debugEnabled, child.debugEnabled);
    }
    expect(seen).toEqual([false, false, true, true, false, false]);
    expect(written().match(/(?:root|child) \w+/g)).toEqual(['root true', 'child true']);
  });

  it('come out from the start when asked for', () => {
    const log = openLog(format, true);
    expect(log.debugEnabled).toBe(true);
    log.debug('here');
    expect(written()).toContain('here');
  });
});
