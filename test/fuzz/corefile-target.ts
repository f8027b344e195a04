/** A Corefile with something wrong in it: read, or refused with the error that says so, and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CorefileError } from '../../src/corefile/corefile-error.ts';
import { parseCorefile } from '../../src/corefile/parse.ts';
import { parseZoneKey } from '../../src/corefile/zone-key.ts';
import { memoryFiles } from '../corefile/memory-files.ts';
import { mutateText } from './mutate.ts';
import { must } from './must.ts';
import type { Random } from './random.ts';

const MANIFEST = `cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.0.0.11 {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
in-addr.arpa:53 ip6.arpa:53, 10.0.0.0/9 {
    errors
    cache 30
    forward . {$UPSTREAM} {%UPSTREAM%}
    }
`;
const SNIPPETS = `(common) {
    errors  # and a comment
    log . "{remote} \\"{name}\\"" {
      class denial error
    }
}
import common
import extra/*.conf
dns://.:5353 tls://example.org unix:///run/x.sock {
    import common
    template IN A example.org {
      match "^(?P<a>[0-9]+)[.]x$"
      answer "{{ .Name }} 60 IN A 10.0.0.{{ .Group.a }}"
    }
    hosts /etc/hosts {
      10.0.0.1 a b
      fallthrough
    }
}
`;
const TEXTS: readonly string[] = [
  MANIFEST,
  SNIPPETS,
  '. {\n whoami\n}\n',
  'a.org\nwhoami\nlog\n',
  readFileSync(join(import.meta.dirname, '..', '..', 'config', 'Corefile'), 'utf8'),
];
const MARKS = [
  '{',
  '}',
  '"',
  '\\',
  '#',
  '\n',
  '\r\n',
  ',',
  ' ',
  '{$A}',
  '{%A%}',
  '{$',
  '%}',
  'import ',
  'import loop.conf',
  '(x) {',
  '\u0000',
  '\ufeff',
  ':',
  '/',
  '[::1]:53',
];
const DIRECTIVES = new Set(
  'bind cache errors forward health hosts log loop prometheus ready reload template whoami'.split(' '),
);

export const corefileInput = (random: Random): string => mutateText(random, random.pick(TEXTS), TEXTS, MARKS);

/** @throws what `parseCorefile` threw, when it is not a CorefileError */
export function checkCorefile(text: string): void {
  const source = {
    file: 'Corefile',
    text,
    directives: DIRECTIVES,
    environment: { UPSTREAM: '10.0.0.1', A: '{$B}', B: 'b {%A%}' },
    files: memoryFiles({ 'extra/a.conf': 'x.org {\n log\n}\n', 'loop.conf': 'import loop.conf\n' }),
    warn: () => undefined,
  };
  try {
    for (const block of parseCorefile(source)) {
      must(block.keys.length > 0 && block.line > 0, 'a block to have keys and a place');
      must(
        [...block.directives.keys()].every((name) => DIRECTIVES.has(name)),
        'directives that are known',
      );
      for (const key of block.keys) checkKey(key);
    }
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error;
    must(error.message.includes(':'), 'an error that says where');
  }
}

function checkKey(key: string): void {
  try {
    for (const { zone, port } of parseZoneKey(key, 53)) {
      must(zone.endsWith('.') && port >= 0 && port <= 65_535, 'a zone with its final dot, and a port');
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
