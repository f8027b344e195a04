/** Who is who among servers, for the life of the process. */
import type { ServerIdentity } from '../chain/identity.ts';

/** Gives each server label one identity for the life of the process, so that its metrics go on across reloads. */
export class ServerRegistry {
  private readonly identities = new Map<string, ServerIdentity>();

  identity(address: string, port: number): ServerIdentity {
    const label = `dns://${address.includes(':') ? `[${address}]` : address}:${port}`;
    let identity = this.identities.get(label);
    if (identity === undefined) {
      identity = { index: this.identities.size, label };
      this.identities.set(label, identity);
    }
    return identity;
  }
}
