import { describe, expect, it } from 'vitest';
import { WaitingLine } from '../../src/upstream/waiting-line.ts';

class Someone {
  ahead: this | undefined;
  behind: this | undefined;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

function lineOf(names: string): { line: WaitingLine<Someone>; people: Someone[] } {
  const line = new WaitingLine<Someone>();
  const people = Array.from(names, (name) => new Someone(name));
  for (const someone of people) line.push(someone);
  return { line, people };
}

function rest(line: WaitingLine<Someone>): string {
  let names = '';
  for (let next = line.shift(); next !== undefined; next = line.shift()) names += next.name;
  return names;
}

describe('WaitingLine', () => {
  it('lets the first in out first', () => {
    const { line } = lineOf('abc');
    expect(line.size).toBe(3);
    expect(rest(line)).toBe('abc');
    expect(line.size).toBe(0);
  });

  it.each([
    { who: 0, where: 'at the front', left: 'bcd' },
    { who: 1, where: 'in the middle', left: 'acd' },
    { who: 3, where: 'at the end', left: 'abc' },
  ])('lets somebody out $where, who may come again', ({ who, left }) => {
    const { line, people } = lineOf('abcd');
    line.delete(people[who]);
    expect(line.size).toBe(3);
    line.push(people[who]);
    expect(rest(line)).toBe(left + people[who].name);
  });

  it('does nothing for who stands in no line', () => {
    const { line, people } = lineOf('ab');
    const [a] = people;
    line.delete(a);
    line.delete(a);
    line.delete(new Someone('c'));
    expect(line.size).toBe(1);
    expect(rest(line)).toBe('b');
  });

  it('leaves nobody with a neighbour who is gone', () => {
    const { line, people } = lineOf('abc');
    line.shift();
    line.delete(people[2]);
    for (const { ahead, behind } of people) expect([ahead, behind]).toEqual([undefined, undefined]);
  });
});
