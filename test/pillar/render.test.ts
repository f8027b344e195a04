import { describe, expect, it } from 'vitest';
import { hasVariables, renderTemplate } from '../../src/pillar/render.ts';
import type { TemplateValues } from '../../src/pillar/render.ts';
import {
  BLOCK_OF_CLUSTER,
  DEPLOYED_TEMPLATE,
  MANIFEST_TEMPLATE,
  blockOfRest,
  blockOfReverse,
} from './node-cache-manifest.ts';

const VALUES: TemplateValues = {
  file: 'Corefile.base',
  localAddresses: ['169.254.20.10', '10.96.0.10'],
  upstreamService: 'kube-dns-upstream',
  clusterDns: '10.96.7.7',
  clusterDomain: 'cluster.local',
  upstreamServers: [],
  prometheusAddress: ':9253',
};

const textOf = (template: string, values: Partial<TemplateValues> = {}): string =>
  renderTemplate(template, { ...VALUES, ...values }).text;

/** `forward` of node-cache's tests and of many deployments, whose octets are looked for. */
const TCP_BLOCK = '\n    forward . __PILLAR__UPSTREAM__SERVERS__ {\n            force_tcp\n    }\n';

const RENDERED = BLOCK_OF_CLUSTER + blockOfReverse('in-addr.arpa') + blockOfReverse('ip6.arpa');

describe('the default manifest', () => {
  it('as it is deployed becomes what node-cache makes of it', () => {
    expect(renderTemplate(DEPLOYED_TEMPLATE, VALUES)).toEqual({
      text: RENDERED + blockOfRest('/etc/resolv.conf'),
      warnings: [],
    });
  });

  it('asks the servers of the ConfigMap', () => {
    expect(textOf(DEPLOYED_TEMPLATE, { upstreamServers: ['1.1.1.1', '8.8.8.8:53'] })).toBe(
      RENDERED + blockOfRest('1.1.1.1 8.8.8.8:53'),
    );
  });

  it('is filled in where nobody ran sed over it', () => {
    const bound = 'bind 169.254.20.10 10.96.0.10';
    // The second variable is nothing to node-cache, and its space stays.
    expect(textOf(MANIFEST_TEMPLATE)).toBe(
      (RENDERED + blockOfRest('/etc/resolv.conf')).replaceAll(bound, `${bound} `),
    );
  });
});

describe('a variable', () => {
  it.each<[string, string, string, Partial<TemplateValues>]>([
    ['local addresses', 'bind __PILLAR__LOCAL__DNS__', 'bind 169.254.20.10 10.96.0.10', {}],
    [
      'one local address in front of a port',
      'health __PILLAR__LOCAL__DNS__:8080',
      'health 169.254.20.10:8080',
      { localAddresses: ['169.254.20.10'] },
    ],
    ['the first of them', 'health __PILLAR__LOCAL__DNS__:8080', 'health 169.254.20.10:8080', {}],
    [
      'an IPv6 address in front of a port',
      'health __PILLAR__LOCAL__DNS__:8080',
      'health [fd00::10]:8080',
      { localAddresses: ['fd00::10'] },
    ],
    ['cluster DNS, twice', '__PILLAR__CLUSTER__DNS__ __PILLAR__CLUSTER__DNS__', '10.96.7.7 10.96.7.7', {}],
    ['the server, which is nothing', 'a __PILLAR__DNS__SERVER__ b', 'a  b', {}],
    ['the domain', '__PILLAR__DNS__DOMAIN__:53', 'cluster.local:53', {}],
    [
      'the metrics’ address',
      'prometheus __PROMETHEUS__ENDPOINT__',
      'prometheus 127.0.0.1:9000',
      { prometheusAddress: '127.0.0.1:9000' },
    ],
    [
      'name servers of the host',
      'forward . __PILLAR__UPSTREAM__SERVERS__ {\n  force_tcp\n}',
      'forward . /etc/resolv.conf {\n  force_tcp\n}',
      {},
    ],
    [
      'signs that mean something to replacements',
      '__PROMETHEUS__ENDPOINT__',
      "$&$'",
      { prometheusAddress: "$&$'" },
    ],
  ])('stands for %s', (_name, template, text, values) => {
    expect(renderTemplate(template, { ...VALUES, ...values })).toEqual({ text, warnings: [] });
  });

  it.each<[string, string, Partial<TemplateValues>, string]>([
    [
      'of a Service that is not there',
      '. {\n  forward . __PILLAR__CLUSTER__DNS__\n}',
      { clusterDns: undefined },
      'Corefile.base:2 - __PILLAR__CLUSTER__DNS__ stands for the address of the Service kube-dns-upstream, and KUBE_DNS_UPSTREAM_SERVICE_HOST holds none',
    ],
    [
      'of local addresses that nobody gave',
      'bind __PILLAR__LOCAL__DNS__',
      { localAddresses: [] },
      'Corefile.base:1 - __PILLAR__LOCAL__DNS__ stands for the addresses that -localip gives',
    ],
    [
      'of a domain that nobody knows',
      MANIFEST_TEMPLATE,
      { clusterDomain: undefined },
      'Corefile.base:1 - __PILLAR__DNS__DOMAIN__ stands for the domain of the cluster: give it with --cluster-domain',
    ],
  ])('without a value is told with its line: %s', (_name, template, values, message) => {
    expect(() => textOf(template, values)).toThrow(message);
  });

  it('that nobody uses needs no value, nor does one in a comment', () => {
    const template = '# __PILLAR__CLUSTER__DNS__\n. { # __PILLAR__DNS__DOMAIN__\n  whoami\n}\n';
    const nothing = { clusterDns: undefined, clusterDomain: undefined, localAddresses: [] };
    expect(textOf(template, nothing)).toBe(template);
  });

  it('that is unknown stays, with a warning', () => {
    expect(renderTemplate('__PILLAR__NEW__ONE__ # __PILLAR__OLD__ONE__', VALUES)).toEqual({
      text: '__PILLAR__NEW__ONE__ # __PILLAR__OLD__ONE__',
      warnings: ['nothing is known of the variable __PILLAR__NEW__ONE__, and it stays as it is'],
    });
  });
});

describe('TCP to the servers of the ConfigMap', () => {
  const upstreamServers = ['1.1.1.1', '8.8.8.8'];

  it('is given up where the template has the block that node-cache knows', () => {
    expect(renderTemplate(`. {${TCP_BLOCK}}\na {${TCP_BLOCK}}\n`, { ...VALUES, upstreamServers })).toEqual({
      text: '. {\n    forward . 1.1.1.1 8.8.8.8\n}\na {\n    forward . 1.1.1.1 8.8.8.8\n}\n',
      warnings: [],
    });
  });

  it('stays, with its warning, where one octet of the block differs', () => {
    const template = TCP_BLOCK.replace('            force_tcp', '        force_tcp');
    expect(renderTemplate(template, { ...VALUES, upstreamServers })).toEqual({
      text: '\n    forward . 1.1.1.1 8.8.8.8 {\n        force_tcp\n    }\n',
      warnings: ['Did not find TCP upstream block to replace, assuming upstreams already use UDP.'],
    });
  });

  it('stays towards the servers of the host', () => {
    expect(textOf(TCP_BLOCK)).toBe('\n    forward . /etc/resolv.conf {\n            force_tcp\n    }\n');
  });
});

it.each([
  [MANIFEST_TEMPLATE, true],
  ['prometheus __PROMETHEUS__ENDPOINT__', true],
  ['. {\n  whoami\n}\n', false],
])('tells a template from a Corefile', (text, isTemplate) => {
  expect(hasVariables(text)).toBe(isTemplate);
});
