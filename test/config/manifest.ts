/** The manifest of `config/kubernetes` as data: its documents, and the parts of them that several tests look at. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonSet } from 'kubernetes-types/apps/v1.js';
import type { ConfigMap, Container, Service } from 'kubernetes-types/core/v1.js';
import { parseAllDocuments } from 'yaml';
import { REPOSITORY_ROOT } from '../support/daemon.ts';

export const KUBERNETES_DIRECTORY = join(REPOSITORY_ROOT, 'config', 'kubernetes');

/** What every object has. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export const readManifest = (): readonly KubernetesObject[] =>
  parseManifest(readFileSync(join(KUBERNETES_DIRECTORY, 'nodelocaldns.yaml'), 'utf8'));

/** @throws Error for text that is not YAML; a key that stands twice is an error, as for kubectl */
export function parseManifest(text: string): readonly KubernetesObject[] {
  // kubectl reads YAML 1.1: an unquoted "yes" is true.
  const documents = parseAllDocuments(text, { version: '1.1' });
  if (!Array.isArray(documents)) throw new Error('the manifest is empty');
  return documents.map((document) => {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw fault;
    return document.toJS() as KubernetesObject;
  });
}

/** The parts of a manifest that has passed the check against the API's types. */
export interface ManifestParts {
  readonly daemonSet: DaemonSet;
  readonly container: Container;
  readonly services: Readonly<Record<string, Service>>;
  readonly corefile: string;
}

/** @throws Error when one is missing */
export function partsOf(objects: readonly KubernetesObject[]): ManifestParts {
  const daemonSet = only(objects, 'DaemonSet') as DaemonSet;
  const container = daemonSet.spec?.template.spec?.containers[0];
  const corefile = (only(objects, 'ConfigMap') as ConfigMap).data?.['Corefile'];
  if (container === undefined || corefile === undefined) throw new Error('no container, or no Corefile');
  const services = objects.filter(({ kind }) => kind === 'Service');
  return {
    daemonSet,
    container,
    services: Object.fromEntries(services.map((each) => [each.metadata.name, each as Service])),
    corefile,
  };
}

function only(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const [first, ...rest] = objects.filter((each) => each.kind === kind);
  if (first === undefined || rest.length > 0) throw new Error(`not exactly one ${kind}`);
  return first;
}

/** The value of a flag of the container, `-name value` or `-name=value`; undefined where it is not given. */
export function argumentOf({ args = [] }: Container, name: string): string | undefined {
  const index = args.findIndex((arg) => arg.replace(/^--?/, '').split('=')[0] === name);
  const [, value] = /=(.*)/s.exec(args[index] ?? '') ?? [];
  return index === -1 ? undefined : (value ?? args[index + 1]);
}
