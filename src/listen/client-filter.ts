/**
 * A program for the kernel's packet filter (classic BPF, which asks for no privilege) that keeps packets of some clients from a listening
 * TCP socket: their SYNs, and what would complete a connection that nobody has taken yet. Connections that are open do not ask it; those
 * that are taken while it stands keep it, and lose nothing by it, for they are other clients'. Which clients these are, and for how long,
 * is decided in `flooders.ts`.
 */
import { ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

const INSTRUCTION_OCTETS = 8;
const WORD_OCTETS = 4;
/** Of `linux/filter.h`: BPF_LD with BPF_W and BPF_H, BPF_ALU | BPF_AND, BPF_JMP | BPF_JEQ, BPF_RET, all with BPF_K or BPF_ABS. */
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const AND = 0x54;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
/** Offsets from here on count from the IP header (SKF_NET_OFF). */
const IP_HEADER = 0xfff0_0000;
/** The TCP header begins at 0, with the source port. */
const SOURCE_PORT = 0;
/**
 * The guard's probes come from these 64 ports of the host (`FIRST_PROBE_PORT` of `host/rules.ts`): a process of the host that floods has the
 * same address, and must not make the node believe that nobody answers.
 */
const PROBE_PORTS = 0x7fc0;
const PROBE_PORTS_MASK = 0xffc0;
/** Where the source address is in the IP header. */
const IPV4_SOURCE = 12;
const IPV6_SOURCE = 8;
const DROP = 0;
const PASS = 0xffff_ffff;

/**
 * @param clients addresses as text, all of the socket's family; those that are none are left out
 * @returns instructions of 8 octets (`struct sock_filter`), as a little-endian machine has them
 */
export function clientFilter(clients: readonly string[]): Buffer {
  const sources = clients.map((client) => ipv4FromText(client) ?? ipv6FromText(client));
  const tests = sources.flatMap((source) => (source === undefined ? [] : [dropFrom(source)]));
  return Buffer.concat([passProbes(), ...tests, instruction(RETURN, 0, PASS)]);
}

const passProbes = (): Buffer =>
  Buffer.concat([
    instruction(LOAD_HALF, 0, SOURCE_PORT),
    instruction(AND, 0, PROBE_PORTS_MASK),
    instruction(JUMP_IF_EQUAL, 1, PROBE_PORTS),
    instruction(RETURN, 0, PASS),
  ]);

/** Compares word by word, and goes on behind its own DROP where one differs. */
function dropFrom(source: Uint8Array): Buffer {
  const octets = Buffer.from(source);
  const offset = IP_HEADER + (octets.length === WORD_OCTETS ? IPV4_SOURCE : IPV6_SOURCE);
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; at += WORD_OCTETS) {
    const pairsLeft = (octets.length - at) / WORD_OCTETS - 1;
    parts.push(instruction(LOAD_WORD, 0, offset + at));
    parts.push(instruction(JUMP_IF_EQUAL, 2 * pairsLeft + 1, octets.readUInt32BE(at)));
  }
  return Buffer.concat([...parts, instruction(RETURN, 0, DROP)]);
}

/** @param jump how many instructions are skipped when the words differ */
function instruction(code: number, jump: number, operand: number): Buffer {
  const octets = Buffer.alloc(INSTRUCTION_OCTETS);
  octets.writeUInt16LE(code, 0);
  octets.writeUInt8(jump, 3);
  octets.writeUInt32LE(operand, 4);
  return octets;
}
