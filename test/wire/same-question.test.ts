import { describe, expect, it } from 'vitest';
import { hasQuestion } from '../../src/wire/same-question.ts';
import { QUESTION, message, octets, question, record } from './raw-message.ts';

/** Whether `bytes` answers `www.example.org. A IN`. */
const answers = (bytes: Uint8Array, length = bytes.length): boolean => {
  const name = octets('www.example.org.');
  return hasQuestion(bytes, length, octets(name, 0xee), name.length, 1, 1);
};

describe('a message answers a question', () => {
  it.each([
    ['the same', message()],
    ['in another case', message({ question: question('WWW.eXample.ORG.') })],
    ['with records', message({ answer: [record()] })],
  ])('when its own is %s', (_what, bytes) => {
    expect(answers(bytes)).toBe(true);
  });

  it.each([
    ['another name of the same length', message({ question: question('wwx.example.org.') })],
    ['a name below it', message({ question: question('a.www.example.org.') })],
    ['the name above it', message({ question: question('example.org.') })],
    ['another type', message({ question: question('www.example.org.', 28) })],
    ['another class (RFC 5452 section 9.1)', message({ question: question('www.example.org.', 1, 3) })],
    ['not there', message({ question: octets() })],
    ['there and not counted', message({ counts: [0] })],
    ['one of two', message({ question: octets(QUESTION, QUESTION), counts: [2] })],
    ['a name with other label borders', message({ question: question('www\\.example.org.') })],
  ])('not when its own is %s', (_what, bytes) => {
    expect(answers(bytes)).toBe(false);
  });

  it('not when it is cut within the question', () => {
    const bytes = message();
    for (let length = 0; length < bytes.length; length++) expect(answers(bytes, length)).toBe(false);
    expect(answers(bytes, bytes.length)).toBe(true);
  });

  it('not when an octet differs by the bit of the case and is no letter', () => {
    const bytes = message({ question: question('[.') });
    expect(hasQuestion(bytes, bytes.length, octets('{.'), 3, 1, 1)).toBe(false);
  });
});
