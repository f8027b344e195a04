/** The namespace of the pod that this process is in, where the upstream Service has to be too. */
import { readFileSync } from 'node:fs';

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
/** Where node-cache's manifest puts everything. */
const DEFAULT_NAMESPACE = 'kube-system';
const LABEL = /^[a-z\d]([-a-z\d]{0,61}[a-z\d])?$/;

/** `kube-system` where the service account's files are not mounted. */
export function podNamespace(path = NAMESPACE_FILE): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return LABEL.test(text) ? text : DEFAULT_NAMESPACE;
  } catch {
    return DEFAULT_NAMESPACE;
  }
}
