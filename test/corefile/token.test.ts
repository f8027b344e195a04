import { describe, expect, it } from 'vitest';
import { continuesLine, startsLaterLine } from '../../src/corefile/token.ts';

const previous = { file: 'Corefile', line: 5, text: 'a' };
const spanning = { file: 'Corefile', line: 5, text: 'a\n\nb' };

describe('the lines of two neighbouring tokens', () => {
  it.each([
    { name: 'the same line', before: previous, file: 'Corefile', line: 5, continues: true, later: false },
    { name: 'the next line', before: previous, file: 'Corefile', line: 6, continues: false, later: true },
    {
      name: 'an earlier line, from a snippet',
      before: previous,
      file: 'Corefile',
      line: 2,
      continues: false,
      later: false,
    },
    {
      name: 'the same line of another file',
      before: previous,
      file: '/b',
      line: 5,
      continues: false,
      later: true,
    },
    {
      name: 'an earlier line of another file',
      before: previous,
      file: '/b',
      line: 1,
      continues: false,
      later: true,
    },
    {
      name: 'the line on which a quoted word ends',
      before: spanning,
      file: 'Corefile',
      line: 7,
      continues: true,
      later: false,
    },
    {
      name: 'the line behind a quoted word',
      before: spanning,
      file: 'Corefile',
      line: 8,
      continues: false,
      later: true,
    },
  ])('are told apart: $name', ({ before, file, line, continues, later }) => {
    const next = { file, line, text: 'b' };
    expect({ continues: continuesLine(before, next), later: startsLaterLine(before, next) }).toEqual({
      continues,
      later,
    });
  });
});
