/** What flags say of a template: whether there is one, and what its variables stand for. */
import { existsSync } from 'node:fs';
import { parseHttpAddress } from '../observe/http-address.ts';
import type { TemplateSettings } from '../pillar/files/templated-corefile.ts';
import { FlagError, readFlag } from './flag-error.ts';
import { textOf } from './flag-values.ts';
import type { FlagValues } from './plain-flags.ts';

/** Where node-cache's manifest mounts it. */
export const DEFAULT_BASE_COREFILE = '/etc/coredns/Corefile.base';

/** As node-cache has them. */
const DEFAULT_UPSTREAM_SERVICE = 'kube-dns';
const DEFAULT_PROMETHEUS_ADDRESS = ':9253';

const DOMAIN = /^[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63})*\.?$/i;

/** What the variables stand for, whatever the template. */
export type VariableFlags = Pick<
  TemplateSettings,
  'kubeDnsDirectory' | 'upstreamService' | 'clusterDomain' | 'prometheusAddress'
>;

export interface TemplateFlags extends VariableFlags {
  readonly baseCorefile: string;
}

/** The flags of `run`, with the template that stands where node-cache looks for one. */
export function withDefaultTemplate(
  values: FlagValues,
  isThere: (path: string) => boolean = existsSync,
): FlagValues {
  if (values['basecorefile'] !== undefined || !isThere(DEFAULT_BASE_COREFILE)) return values;
  return { ...values, basecorefile: DEFAULT_BASE_COREFILE };
}

/** `-conf`, else `-corefile`: the Corefile to serve, or with a template the file to write. */
export const corefileOf = (values: FlagValues): string | undefined =>
  textOf(values, 'conf') ?? textOf(values, 'corefile');

/** @returns undefined without a template. @throws FlagError */
export function readTemplateFlags(values: FlagValues): TemplateFlags | undefined {
  const baseCorefile = textOf(values, 'basecorefile');
  if (baseCorefile === undefined) return undefined;
  if (corefileOf(values) === 'stdin') {
    throw new FlagError(
      '--conf: expected a file to write the Corefile to, since --basecorefile gives its text',
    );
  }
  return { baseCorefile, ...readVariableFlags(values) };
}

/** @throws FlagError */
export function readVariableFlags(values: FlagValues): VariableFlags {
  const domain = textOf(values, 'cluster-domain');
  const address = textOf(values, 'prometheus-listen-address') ?? DEFAULT_PROMETHEUS_ADDRESS;
  return {
    // As node-cache takes an empty one.
    kubeDnsDirectory: textOf(values, 'kubednscm') || undefined,
    upstreamService: textOf(values, 'upstreamsvc') || DEFAULT_UPSTREAM_SERVICE,
    clusterDomain: domain === undefined ? undefined : readFlag('cluster-domain', domain, parseDomain),
    prometheusAddress: readFlag('prometheus-listen-address', address, checkAddress),
  };
}

/** Flags that mean nothing without a template, in one sentence; undefined when there is one, or none was given. */
export function flagsInVain(values: FlagValues): string | undefined {
  if (values['basecorefile'] !== undefined) return undefined;
  const given = ['kubednscm', 'upstreamsvc', 'cluster-domain', 'prometheus-listen-address'].filter(
    (name) => values[name] !== undefined,
  );
  if (given.length === 0) return undefined;
  const names = given.map((name) => `-${name}`).join(', ');
  return `without effect: ${names}; there is no template (-basecorefile, or ${DEFAULT_BASE_COREFILE}), and the file that -conf names is served as it is`;
}

/** @returns without the root's dot, as templates have a port behind it */
function parseDomain(text: string): string {
  if (DOMAIN.test(text)) return text.replace(/\.$/, '');
  throw new RangeError(`expected a domain such as cluster.local, found "${text}"`);
}

function checkAddress(text: string): string {
  parseHttpAddress(text);
  return text;
}
