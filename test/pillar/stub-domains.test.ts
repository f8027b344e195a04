import { expect, it } from 'vitest';
import { stubBlocks } from '../../src/pillar/stub-domains.ts';

const stubDomains = new Map([
  ['acme.local', ['1.2.3.4']],
  ['widget.local', ['5.6.7.8:5353', '[2001:db8::1]:53']],
]);

it('writes a server block for each domain, as node-cache does', () => {
  const localAddresses = ['169.254.20.10', '10.96.0.10'];
  expect(stubBlocks({ stubDomains, port: 53, localAddresses })).toBe(`
acme.local:53 {
    errors
    cache 30
    bind 169.254.20.10 10.96.0.10
    forward . 1.2.3.4
}

widget.local:53 {
    errors
    cache 30
    bind 169.254.20.10 10.96.0.10
    forward . 5.6.7.8:5353 [2001:db8::1]:53
}
`);
});

it('leaves bind out where there are no addresses for it', () => {
  const domains = new Map([['acme.local', ['1.2.3.4']]]);
  expect(stubBlocks({ stubDomains: domains, port: 1053, localAddresses: [] })).toBe(
    '\nacme.local:1053 {\n    errors\n    cache 30\n    forward . 1.2.3.4\n}\n',
  );
});

it('writes nothing for no domains', () => {
  expect(stubBlocks({ stubDomains: new Map(), port: 53, localAddresses: ['169.254.20.10'] })).toBe('');
});
