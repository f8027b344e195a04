/** The name servers of a resolv.conf(5), read as CoreDNS does: every `nameserver` line counts, nothing else is looked at. */

export interface ResolvConf {
  /** As written, without an IPv6 zone. Not checked to be addresses. */
  readonly nameservers: string[];
}

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  for (const line of text.split('\n')) {
    // A comment starts a line or follows a value; neither sign can be part of an address.
    const [keyword, address] = line.split(/[#;]/, 1)[0].trim().split(/\s+/);
    if (keyword === 'nameserver' && address !== undefined) nameservers.push(address.split('%', 1)[0]);
  }
  return { nameservers };
}
