/**
 * Tells clients who they are: their address, and in an SRV record their transport and port. It answers every query of its block, so
 * nothing stands behind it. Both records are additional ones, as in CoreDNS: whatever was asked, the answer itself is empty.
 */
import { ipv4FromText, ipv6FromText } from '../../base/ip-address.ts';
import type { Handler } from '../../chain/handler.ts';
import { Reply } from '../../chain/outcome.ts';
import type { Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { AA, QR, SECTION_ADDITIONAL, writeUint16 } from '../../wire/header.ts';
import { MAX_NAME_OCTETS } from '../../wire/name.ts';
import { TYPE_A, TYPE_AAAA, TYPE_SRV } from '../../wire/registry.ts';

/** An answer for one client must not be kept for the next one. */
const TTL_SECONDS = 0;

export class WhoamiHandler implements Handler {
  readonly name = 'whoami';

  ask(query: Query): Pending {
    const { type, class: klass } = query;
    const name = query.nameAsAsked;
    const address = addressOctets(query.clientAddress);
    const builder = new MessageBuilder(QR | AA).question(name, type, klass);
    const addressType = address.length === 4 ? TYPE_A : TYPE_AAAA;
    builder.record(SECTION_ADDITIONAL, name, addressType, klass, TTL_SECONDS, address);
    const owner = transportName(query.transport, name);
    // A name of 255 octets has no room for one more label; its client learns the address only.
    if (owner.length <= MAX_NAME_OCTETS) {
      const rdata = srvToRoot(query.clientPort);
      builder.record(SECTION_ADDITIONAL, owner, TYPE_SRV, klass, TTL_SECONDS, rdata);
    }
    return new Reply(builder.finish(), 'whoami');
  }
}

/** `_udp.` or `_tcp.` in front of the name. */
function transportName(transport: Query['transport'], name: Uint8Array): Uint8Array {
  const label = Buffer.from(`_${transport}`, 'latin1');
  return Buffer.concat([Uint8Array.of(label.length), label, name]);
}

/** Priority 0, weight 0, the port, and the root as target (RFC 2782). */
function srvToRoot(port: number): Uint8Array {
  const rdata = new Uint8Array(7);
  writeUint16(rdata, 4, port);
  return rdata;
}

/**
 * Octets of an address as a socket tells it: IPv4, or IPv6 with or without a zone. An IPv4 client of a socket for both families shows up
 * as `::ffff:192.0.2.1` and is an IPv4 client all the same.
 */
function addressOctets(address: string): Uint8Array {
  const bare = address.split('%', 1)[0].replace(/^::ffff:(?=[0-9]+\.)/i, '');
  return ipv4FromText(bare) ?? ipv6FromText(bare) ?? new Uint8Array(0);
}
