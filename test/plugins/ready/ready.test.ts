import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../../src/observe/http-types.ts';
import { ready } from '../../../src/plugins/ready/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

interface Page {
  readonly context: FakeContext;
  /** `STATUS BODY` */
  readonly get: () => Promise<string>;
}

function setUp(text = 'ready'): Page {
  const context = fakeContext();
  expect(ready.setup(cursorOf(text), context)).toBeUndefined();
  const [route] = context.routes;
  return {
    context,
    async get() {
      const { status, body }: HttpAnswer = await route.answer();
      return `${status} ${body}`;
    },
  };
}

describe('the page', () => {
  it.each([
    { text: 'ready', address: ':8181' },
    { text: 'ready 127.0.0.1:9255', address: '127.0.0.1:9255' },
    { text: 'ready [::1]:0', address: '[::1]:0' },
  ])('is at /ready of an address: $text', ({ text, address }) => {
    expect(setUp(text).context.routes).toMatchObject([{ address, path: '/ready' }]);
  });

  it('says no before the block serves', async () => {
    const { context, get } = setUp();
    expect(await get()).toBe('503 serve');
    await context.start();
    expect(await get()).toBe('200 OK');
  });

  it('names what is not ready yet', async () => {
    const { context, get } = setUp();
    let isReady = false;
    context.readiness(() => isReady);
    context.readiness(() => true);
    context.readiness(() => isReady);
    await context.start();
    expect(await get()).toBe('503 check 0,check 2');
    isReady = true;
    expect(await get()).toBe('200 OK');
  });

  it.each([
    { text: 'ready', later: '200 OK' },
    { text: 'ready {\n monitor until-ready\n}', later: '200 OK' },
    { text: 'ready {\n monitor continuously\n}', later: '503 check 0' },
    { text: 'ready {\n monitor continuously\n monitor until-ready\n}', later: '200 OK' },
  ])('asks again once it was ready, or not: $text', async ({ text, later }) => {
    const { context, get } = setUp(text);
    let isReady = true;
    context.readiness(() => isReady);
    await context.start();
    expect(await get()).toBe('200 OK');
    isReady = false;
    expect(await get()).toBe(later);
  });

  it('says no as soon as the daemon was told to end', async () => {
    const { context, get } = setUp();
    await context.start();
    expect(await get()).toBe('200 OK');
    context.shutdown();
    expect(await get()).toBe('503 Shutting down');
  });
});

const parsing = (line: number, error: string): string => `Corefile:${line} - Error during parsing: ${error}`;

describe('the directive', () => {
  it.each([
    { text: 'ready :1 :2', error: parsing(1, "Wrong argument count or unexpected line ending after ':2'") },
    { text: 'ready {\n watch\n}', error: parsing(2, "unknown property 'watch'") },
    {
      text: 'ready {\n monitor\n}',
      error: parsing(2, "Wrong argument count or unexpected line ending after 'monitor'"),
    },
    { text: 'ready {\n monitor sometimes\n}', error: parsing(2, "monitor type 'sometimes' not supported") },
  ])('is refused: $text', ({ text, error }) => {
    expect(() => setUp(text)).toThrow(error);
  });

  it.each([
    { text: 'ready 8181', error: 'address 8181: missing port in address' },
    { text: 'ready\nready', error: 'this plugin can only be used once per Server Block' },
  ])('is refused: $text', ({ text, error }) => {
    expect(() => setUp(text)).toThrow(new RangeError(error));
  });
});
