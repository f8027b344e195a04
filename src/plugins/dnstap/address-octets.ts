/** Addresses in octets, remembered: the clients of a node are few, and reading one from its text costs as much as laying a message out. */
import { clientOctets } from '../../chain/client-octets.ts';

/** More than a node has pods. */
const MOST_REMEMBERED = 512;

export class AddressOctets {
  private readonly known = new Map<string, Uint8Array>();

  /** 4 octets, or 16; none when the text is no address. Not to be written. */
  of(address: string): Uint8Array {
    const known = this.known.get(address);
    if (known !== undefined) return known;
    if (this.known.size === MOST_REMEMBERED) this.known.clear();
    const octets = clientOctets({ clientAddress: address });
    this.known.set(address, octets);
    return octets;
  }
}
