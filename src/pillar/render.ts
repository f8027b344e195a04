/**
 * Fills the variables of a template in: `__PILLAR__…__`, named so after Salt's variables, and `__PROMETHEUS__ENDPOINT__`. What node-cache
 * replaces is replaced by the same octets, in its order. Three things it leaves to chance are decided here:
 *
 * * A variable whose value nobody knows is an error with its line. node-cache writes `<nil>` for a Service that it does not find.
 * * `__PILLAR__DNS__DOMAIN__`, which node-cache leaves for `sed`, is replaced too, if the cluster's domain is known; a server block for the
 *   zone `__pillar__dns__domain__.` would send every name of the cluster to the upstreams of all other names.
 * * `__PILLAR__LOCAL__DNS__:8080` with more than one address is the first of them; node-cache makes it one word too many.
 *
 * Pure: where template and values come from is decided elsewhere.
 */
import { serviceVariable } from './service-address.ts';

export interface TemplateValues {
  /** For errors. */
  readonly file: string;
  /** `__PILLAR__LOCAL__DNS__`: all of them, separated by spaces. */
  readonly localAddresses: readonly string[];
  /** `__PILLAR__CLUSTER__DNS__`: the address of this Service. */
  readonly upstreamService: string;
  readonly clusterDns: string | undefined;
  /** `__PILLAR__DNS__DOMAIN__` */
  readonly clusterDomain: string | undefined;
  /** `__PILLAR__UPSTREAM__SERVERS__`; none: /etc/resolv.conf. */
  readonly upstreamServers: readonly string[];
  /** `__PROMETHEUS__ENDPOINT__` */
  readonly prometheusAddress: string;
}

export interface Rendered {
  readonly text: string;
  /** Sentences for the log. */
  readonly warnings: readonly string[];
}

const UPSTREAM_SERVERS = '__PILLAR__UPSTREAM__SERVERS__';
const CLUSTER_DNS = '__PILLAR__CLUSTER__DNS__';
const LOCAL_DNS = '__PILLAR__LOCAL__DNS__';
const DNS_SERVER = '__PILLAR__DNS__SERVER__';
const DNS_DOMAIN = '__PILLAR__DNS__DOMAIN__';
const PROMETHEUS_ENDPOINT = '__PROMETHEUS__ENDPOINT__';

const RESOLV_CONF = '/etc/resolv.conf';
/** node-cache takes TCP away for servers of the ConfigMap where the template has these octets, and no others. */
const TCP_BLOCK = `\n    forward . ${UPSTREAM_SERVERS} {\n            force_tcp\n    }\n`;
const NO_TCP_BLOCK = 'Did not find TCP upstream block to replace, assuming upstreams already use UDP.';

/** @throws {Error} `FILE:LINE - …` for a variable whose value nobody knows */
export function renderTemplate(template: string, values: TemplateValues): Rendered {
  const unknown = findUnknown(template, values);
  if (unknown !== undefined) throw new Error(`${values.file}:${unknown.line} - ${unknown.why}`);
  const { localAddresses, clusterDns, clusterDomain, prometheusAddress } = values;
  const upstreams = fillUpstreams(template, values.upstreamServers);
  // A variable without a value is left here only in comments.
  const replacements: readonly (readonly [RegExp, string | undefined])[] = [
    [new RegExp(CLUSTER_DNS, 'g'), clusterDns],
    [new RegExp(`${LOCAL_DNS}(?=:\\d)`, 'g'), asHost(localAddresses.at(0))],
    [new RegExp(LOCAL_DNS, 'g'), localAddresses.length === 0 ? undefined : localAddresses.join(' ')],
    [new RegExp(DNS_SERVER, 'g'), ''],
    [new RegExp(DNS_DOMAIN, 'g'), clusterDomain],
    [new RegExp(PROMETHEUS_ENDPOINT, 'g'), prometheusAddress],
  ];
  const text = replacements.reduce(
    (filled, [variable, value]) => (value === undefined ? filled : filled.replace(variable, () => value)),
    upstreams.text,
  );
  return { text, warnings: [...upstreams.warnings, ...warnOfStrangers(text)] };
}

/** Whether there is anything to fill in. */
export const hasVariables = (text: string): boolean => /__PILLAR__|__PROMETHEUS__ENDPOINT__/.test(text);

function fillUpstreams(template: string, servers: readonly string[]): Rendered {
  if (servers.length === 0) return { text: template.replaceAll(UPSTREAM_SERVERS, RESOLV_CONF), warnings: [] };
  const list = servers.join(' ');
  const text = template.replaceAll(TCP_BLOCK, `\n    forward . ${list}\n`).replaceAll(UPSTREAM_SERVERS, list);
  return { text, warnings: template.includes(TCP_BLOCK) ? [] : [NO_TCP_BLOCK] };
}

/** As the part in front of a port. */
function asHost(address: string | undefined): string | undefined {
  return address?.includes(':') === true ? `[${address}]` : address;
}

interface Unknown {
  readonly line: number;
  readonly why: string;
}

/** The first variable that has to be filled in and cannot be. */
function findUnknown(template: string, values: TemplateValues): Unknown | undefined {
  const service = serviceVariable(values.upstreamService);
  const needs = [
    {
      variable: CLUSTER_DNS,
      isKnown: values.clusterDns !== undefined,
      why: `the address of the Service ${values.upstreamService}, and ${service} holds none: the Service has to be there, in the same namespace, before the container starts (-upstreamsvc names another one)`,
    },
    {
      variable: LOCAL_DNS,
      isKnown: values.localAddresses.length > 0,
      why: 'the addresses that -localip gives, and there are none',
    },
    {
      variable: DNS_DOMAIN,
      isKnown: values.clusterDomain !== undefined,
      why: 'the domain of the cluster: give it with --cluster-domain (most have cluster.local), or write it there',
    },
  ].filter(({ isKnown }) => !isKnown);
  for (const [index, line] of template.split('\n').entries()) {
    const found = needs.find(({ variable }) => withoutComment(line).includes(variable));
    if (found !== undefined) return { line: index + 1, why: `${found.variable} stands for ${found.why}` };
  }
  return undefined;
}

function warnOfStrangers(text: string): string[] {
  const words = text.split('\n').flatMap((line) => withoutComment(line).match(/__PILLAR__\w*__/g) ?? []);
  return [...new Set(words)].map((word) => `nothing is known of the variable ${word}, and it stays as it is`);
}

const withoutComment = (line: string): string => line.replace(/(?:^|\s)#.*$/, '');
