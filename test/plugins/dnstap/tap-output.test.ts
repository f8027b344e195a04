import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { dialer } from '../../../src/plugins/dnstap/dial.ts';
import { TapOutput } from '../../../src/plugins/dnstap/tap-output.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeClock, FakeLog } from '../../support/setup-context.ts';
import { DNSTAP_TYPE, ScriptedReader, accept, control, startReader } from './scripted-reader.ts';

interface Opened {
  readonly output: TapOutput;
  readonly said: string[];
  readonly dropped: { value: number };
  readonly clock: FakeClock;
}

function open(path: string): Opened {
  const log = new FakeLog();
  const dropped = { value: 0 };
  const clock = new FakeClock();
  const options = { label: path, writeBufferMiB: 1, queueTenThousands: 1 };
  const output = new TapOutput(options, {
    dial: dialer({ endpoint: { kind: 'unix', path }, skipVerify: false }),
    log,
    dropped,
    nowMs: () => clock.nowMs(),
  });
  onTestFinished(() => output.close());
  output.open();
  return { output, said: log.lines, dropped, clock };
}

const text = (value: string): Uint8Array => Buffer.from(value);

describe('a connection to a reader', () => {
  it.each([
    ['names our type of content', accept(DNSTAP_TYPE)],
    ['names several', accept('other', DNSTAP_TYPE)],
    ['names none, which means any', accept()],
  ])('is a stream once the reader accepts, and %s', async (_name, onReady) => {
    const reader = await startReader({ onReady });
    const { output, dropped } = open(reader.path);
    output.put(text('early'));
    expect(await reader.waitForPayloads(1)).toEqual(['early']);
    output.put(text('later'));
    expect(await reader.waitForPayloads(2)).toEqual(['early', 'later']);
    expect(reader.controls).toEqual([`READY ${DNSTAP_TYPE}`, `START ${DNSTAP_TYPE}`]);
    expect(dropped.value).toBe(0);
  });

  it.each([
    [
      'wants something else',
      accept('protobuf:other'),
      `the reader takes protobuf:other, and no ${DNSTAP_TYPE}`,
    ],
    ['starts by finishing', control(5), 'the reader has sent control frame 5 out of turn'],
    ['is none', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'the other side does not speak Frame Streams'],
  ])('is given up when the reader %s', async (_name, onReady, reason) => {
    const reader = await startReader({ onReady });
    const { output, said, dropped } = open(reader.path);
    output.put(text('lost'));
    await eventually(() => said.length > 0);
    expect(said).toEqual([`error No connection to dnstap endpoint: ${reader.path}: ${reason}`]);
    expect(output.takes).toBe(false);
    expect([dropped.value, reader.payloads]).toEqual([1, []]);
  });

  it('is given up when the reader says nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const reader = await startReader({ onReady: undefined });
    const { said } = open(reader.path);
    await lookAgain(() => reader.controls.length > 0);
    vi.advanceTimersByTime(3_999);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(said).toEqual([`error No connection to dnstap endpoint: ${reader.path}: i/o timeout`]);
  });

  it('ends with all that waited sent, and the reader told', async () => {
    const reader = await startReader();
    const { output, dropped, said } = open(reader.path);
    output.put(text('a'));
    await reader.waitForPayloads(1);
    for (let i = 0; i < 1_000; i++) output.put(new Uint8Array(1_000));
    await output.close();
    expect(reader.payloads.length).toBe(1_001);
    expect(reader.controls.at(-1)).toBe('STOP');
    expect([dropped.value, said]).toEqual([0, []]);
  });

  it('ends though the reader never says that it has everything', async () => {
    const reader = await startReader({ onStop: undefined });
    const { output } = open(reader.path);
    output.put(text('a'));
    await reader.waitForPayloads(1);
    await output.close();
    await eventually(() => reader.connections === 0);
  });

  it('ends before it has begun', async () => {
    const reader = await startReader({ onReady: undefined });
    const { output, said, dropped } = open(reader.path);
    output.put(text('a'));
    await output.close();
    expect([dropped.value, said]).toEqual([1, ['warn Dropped dnstap messages: 1']]);
    output.put(text('b'));
    expect(output.takes).toBe(false);
  });
});

describe('a reader that is away', () => {
  it('costs messages, is looked for again, and is told of once', async () => {
    const reader = new ScriptedReader();
    const { output, said, dropped } = open(reader.path);
    output.put(text('lost'));
    await eventually(() => !output.takes);
    output.put(text('lost'));
    expect(dropped.value).toBe(2);
    await reader.start();
    await eventually(() => output.takes);
    output.put(text('found'));
    expect(await reader.waitForPayloads(1)).toEqual(['found']);
    expect(said).toEqual([
      `error No connection to dnstap endpoint: ${reader.path}: connect ENOENT ${reader.path}`,
      `info connected to ${reader.path}`,
    ]);
  });

  it('is found again after it has gone, with what was said in between', async () => {
    const reader = await startReader();
    const { output, said } = open(reader.path);
    output.put(text('one'));
    await reader.waitForPayloads(1);
    await reader.stop();
    await eventually(() => said.length > 0);
    output.put(text('two'));
    await reader.start();
    expect(await reader.waitForPayloads(2)).toEqual(['one', 'two']);
    expect(said).toEqual([
      `warn Lost the connection to ${reader.path}: the reader has closed the connection`,
    ]);
  });

  it('is looked for with growing pauses, of ten seconds at most', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const reader = await startReader({ onReady: control(5) });
    const { said } = open(reader.path);
    for (const [index, pauseMs] of [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].entries()) {
      await lookAgain(() => reader.accepted === index + 1 && reader.connections === 0);
      vi.advanceTimersByTime(pauseMs - 1);
      await lookAgain(() => true);
      expect(reader.accepted).toBe(index + 1);
      vi.advanceTimersByTime(1);
    }
    expect(said).toHaveLength(1);
  });
});

describe('a reader that takes nothing', () => {
  it('costs what does not fit, told at most every ten seconds, and is given up in the end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const reader = await startReader({ stalls: true });
    const { output, said, dropped, clock } = open(reader.path);
    await lookAgain(() => reader.controls.length === 2);
    // More than the kernel, the connection and the queue take together.
    const payload = new Uint8Array(4_096);
    for (let i = 0; i < 4_000; i++) output.put(payload);
    await lookAgain(() => dropped.value > 0);
    expect(dropped.value).toBeGreaterThan(1_000);
    expect(dropped.value).toBeLessThan(4_000);
    expect(said).toEqual([]);
    const before = dropped.value;
    clock.advance(10_000);
    vi.advanceTimersByTime(10_000);
    expect(said).toEqual([
      `warn Dropped dnstap messages: ${before}`,
      `warn Lost the connection to ${reader.path}: the reader takes nothing any more`,
    ]);
    // What the connection had is lost with it.
    expect(dropped.value).toBeGreaterThan(before);
  });

  it('gets everything, and in order, when it reads on', async () => {
    const reader = await startReader();
    const { output, dropped } = open(reader.path);
    const sent = Array.from({ length: 9_000 }, (_, index) => String(index).padStart(400, '.'));
    for (const message of sent) output.put(text(message));
    expect(await reader.waitForPayloads(sent.length)).toEqual(sent);
    expect(dropped.value).toBe(0);
  });
});

/** As `eventually`, while timers stand still. */
async function lookAgain(isTrue: () => boolean): Promise<void> {
  do await new Promise((next) => setImmediate(next));
  while (!isTrue());
}
