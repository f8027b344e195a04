import { describe, expect, it } from 'vitest';
import { debug } from '../../../src/plugins/debug/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';

describe('debug', () => {
  it('turns debugging on for its block, and has no handler', () => {
    const context = fakeContext();
    expect(debug.setup(cursorOf('debug'), context)).toBeUndefined();
    expect(context.settings.debug).toBe(true);
  });

  it.each([
    { text: 'debug on', error: "Wrong argument count or unexpected line ending after 'on'" },
    { text: 'debug {\n on\n}', error: "Unexpected token '{', expecting argument" },
  ])('takes no arguments: $text', ({ text, error }) => {
    expect(() => debug.setup(cursorOf(text), fakeContext())).toThrow(
      `Corefile:1 - Error during parsing: ${error}`,
    );
  });
});
