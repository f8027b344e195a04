import { describe, expect, it } from 'vitest';
import { tellOfAddresses } from '../../src/serve/intercepted-addresses.ts';
import { FakeLog } from '../support/setup-context.ts';
import { fakeSurroundings, generationOf } from './make-generation.ts';

const ADDRESSES = ['169.254.20.10', 'fd00::10'];
const surroundings = { ...fakeSurroundings(), defaultAddresses: ADDRESSES };

const addressesOf = (corefile: string): string[] =>
  generationOf(corefile, surroundings).groups.map(({ address, port }) => `${address} ${port}`);

describe('addresses that are given for all blocks', () => {
  it('are those of blocks without bind, at the port of each', () => {
    expect(addressesOf('.:53 {\n whoami\n}\na.test:1053 {\n whoami\n}\n')).toEqual([
      '169.254.20.10 53',
      'fd00::10 53',
      '169.254.20.10 1053',
      'fd00::10 1053',
    ]);
  });

  it('are not those of a block that says its own', () => {
    expect(addressesOf('.:53 {\n bind 127.0.0.1\n whoami\n}\n')).toEqual(['127.0.0.1 53']);
  });

  it('are shared with blocks that bind them', () => {
    expect(addressesOf('. {\n whoami\n}\na.test {\n bind fd00::10\n whoami\n}\n')).toEqual([
      '169.254.20.10 53',
      'fd00::10 53',
    ]);
  });
});

describe('what is said of intercepted addresses', () => {
  function said(corefile: string): string[] {
    const log = new FakeLog();
    tellOfAddresses(generationOf(corefile, surroundings), ADDRESSES, 53, log);
    return log.lines;
  }

  it('is that blocks without bind listen on them', () => {
    expect(said('. {\n whoami\n}\n')).toEqual([
      'info server blocks without bind listen on 169.254.20.10 and fd00::10, as --localip says',
    ]);
  });

  it('is nothing when every block binds them all, in whatever form', () => {
    expect(said('. {\n bind 169.254.20.10 FD00:0::10\n whoami\n}\n')).toEqual([]);
  });

  it.each([
    ['no block binds', '. {\n bind 169.254.20.10\n whoami\n}\n', ['fd00::10']],
    ['is bound at another port', '.:1053 {\n bind 169.254.20.10 fd00::10\n whoami\n}\n', ADDRESSES],
    ['a wildcard stands for', '. {\n bind 0.0.0.0 ::\n whoami\n}\n', ADDRESSES],
  ])('is which one %s', (_name, corefile, lacking) => {
    expect(said(corefile)).toEqual(
      lacking.map(
        (address) =>
          `warn no server block listens on ${address} port 53: queries to it are not answered here`,
      ),
    );
  });
});
