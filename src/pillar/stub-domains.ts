/**
 * Server blocks for the stub domains of the kube-dns ConfigMap, in the text that node-cache appends to a Corefile. Which domains are sound
 * is known before. Pure.
 */
export interface StubBlocks {
  readonly stubDomains: ReadonlyMap<string, readonly string[]>;
  readonly port: number;
  /** None: on whatever addresses blocks without `bind` have. */
  readonly localAddresses: readonly string[];
}

/** Each block begins with an empty line, or ends the last line of what it is appended to. */
export function stubBlocks({ stubDomains, port, localAddresses }: StubBlocks): string {
  const bind = localAddresses.length === 0 ? '' : `    bind ${localAddresses.join(' ')}\n`;
  return Array.from(
    stubDomains,
    ([domain, servers]) =>
      `\n${domain}:${port} {\n    errors\n    cache 30\n${bind}    forward . ${servers.join(' ')}\n}\n`,
  ).join('');
}
