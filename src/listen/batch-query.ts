/** A query that came in a batch: it keeps where it came from as octets, and makes text of it only for those who ask. */
import { clientIdOf } from '../chain/client-id.ts';
import type { ClientId } from '../chain/client-id.ts';
import { Query } from '../chain/query.ts';
import { CONTROL_OCTETS } from '../datagram/batch-memory.ts';
import {
  MAX_ADDRESS_OCTETS,
  addressOctets,
  ipTextOf,
  isIpv6Address,
  portOf,
} from '../datagram/socket-address.ts';

export class BatchQuery extends Query {
  /** The client's socket address; `returnOctets` of it count. */
  readonly returnAddress = new Uint8Array(MAX_ADDRESS_OCTETS);
  returnOctets = 0;
  /** Control data that makes the answer leave from the address that was asked; `controlOctets` of it count. */
  readonly control = new Uint8Array(CONTROL_OCTETS);
  controlOctets = 0;

  override get clientAddress(): string {
    return ipTextOf(this.returnAddress);
  }

  override get clientId(): ClientId {
    const { returnAddress } = this;
    return isIpv6Address(returnAddress) ? clientIdOf(returnAddress, 8, 16) : clientIdOf(returnAddress, 4, 4);
  }

  /** Takes over where a datagram came from. */
  from(address: Uint8Array): void {
    const octets = addressOctets(address);
    for (let i = 0; i < octets; i++) this.returnAddress[i] = address[i];
    this.returnOctets = octets;
    this.clientIsIpv6 = isIpv6Address(address);
    this.clientPort = portOf(address);
    this.controlOctets = 0;
  }
}
