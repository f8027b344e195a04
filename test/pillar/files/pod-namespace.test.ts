import { expect, it } from 'vitest';
import { podNamespace } from '../../../src/pillar/files/pod-namespace.ts';
import { tempFile } from '../../support/temp-file.ts';

it.each([
  { text: 'dns-system\n', namespace: 'dns-system' },
  { text: 'kube-system', namespace: 'kube-system' },
  { text: '', namespace: 'kube-system' },
  { text: 'not a name', namespace: 'kube-system' },
])('is what the service account says: $text', ({ text, namespace }) => {
  expect(podNamespace(tempFile(text, 'namespace'))).toBe(namespace);
});

it('is that of the usual manifest without a service account', () => {
  expect(podNamespace('/nowhere/namespace')).toBe('kube-system');
});
