/**
 * Our rules of table raw for one family, as text. Nothing here runs anything.
 *
 *     PREROUTING ─► PRE ── to an address ─► IN      query, armed, live, ours, somebody listens → exempt
 *     OUTPUT ─────► OUT ── canary → drop
 *                       ├─ from an address ─► FROM  good UDP reply, armed → live for one lease; any reply → exempt
 *                       ├─ to an address ───► TO    probe, health check → exempt
 *                       └─ to an address ───► ASK   query, armed, live, ours → exempt
 *
 * Exempting does not end the walk (target CT goes on), so order matters nowhere. What is exempted at OUTPUT stays so when it comes back over
 * loopback. `armed` and `live` are lists of the match `recent`; without that match a jump to IN and ASK stands for armed addresses only.
 * Each rule carries its number and a fingerprint of plan and form in a comment, so that a later process, or a later version, sees from the
 * comments alone whether everything stands.
 */
import { createHash } from 'node:crypto';
import { CANARY_ADDRESSES, CANARY_PORT, FIRST_PROBE_PORT, PROBE_PORTS } from '../rules.ts';
import type { InterceptionPlan } from '../rules.ts';
import { ASK, ENTRIES, FROM, IN, TO } from './chain-names.ts';
import { addressesOf, asPrefix } from './family.ts';
import type { Family } from './family.ts';
import type { Form } from './form.ts';
import { listName } from './recent-lists.ts';

/** What comes before a rule's comment number: `nodelocaldns 1b2c3d4e 7`. */
const COMMENT = 'nodelocaldns';

/** Without connection tracking's own headers in between, UDP over IPv6 begins behind 40 octets; over IPv4 the header says where. */
const DNS_FLAGS: Readonly<Record<Family, string>> = { 4: '0>>22&0x3C@8', 6: '48' };
/** QR set, and rcode NOERROR or NXDOMAIN (RFC 1035 section 4.1.1). */
const POSITIVE_REPLY = '0x800F=0x8000,0x8003';

export interface Rule {
  readonly chain: string;
  /** With its comment, as `-A CHAIN` takes it. */
  readonly spec: string;
  /** What the comment says. */
  readonly comment: string;
}

export interface FamilyRules {
  /** All chains of ours, also those without rules. */
  readonly chains: readonly string[];
  readonly rules: readonly Rule[];
  /** One per entry chain: stands first in its built-in chain. */
  readonly jumps: readonly Rule[];
}

export class Layout {
  readonly #plan: InterceptionPlan;
  readonly #form: Form;
  readonly #fingerprint: string;

  constructor(plan: InterceptionPlan, form: Form) {
    this.#plan = plan;
    this.#form = form;
    const everything = [4, 6].map((family) => this.#parts(family as Family, plan.addresses));
    const hash = createHash('sha256').update(JSON.stringify([plan, everything]));
    this.#fingerprint = hash.digest('hex').slice(0, 12);
  }

  /** @param armed matters only where there is no `recent` */
  rulesOf(family: Family, armed: readonly string[]): FamilyRules {
    const numbered = (part: Part, at: number): Rule => this.#commented(part, String(at + 1));
    const jumps = Object.entries(ENTRIES).map(([chain, entry]) => ({ chain, spec: '', target: entry }));
    return {
      chains: [...Object.values(ENTRIES), IN, ASK, TO, FROM],
      rules: this.#parts(family, armed).map(numbered),
      jumps: jumps.map((jump) => this.#commented(jump, 'jump')),
    };
  }

  #commented({ chain, spec, target }: Part, label: string): Rule {
    const comment = `${COMMENT} ${this.#fingerprint} ${label}`;
    const action = target === undefined ? '' : ` -j ${target}`;
    return { chain, comment, spec: `${spec} -m comment --comment "${comment}"${action}`.trim() };
  }

  #parts(family: Family, armed: readonly string[]): Part[] {
    const addresses = addressesOf(family, this.#plan.addresses);
    const intercepted = this.#form.recent
      ? addresses
      : addresses.filter((address) => armed.includes(address));
    const canary = `-d ${asPrefix(CANARY_ADDRESSES[family])} -p udp -m udp --dport ${CANARY_PORT}`;
    return [
      ...this.#fromRules(family),
      ...this.#toRules(),
      ...this.#queryRules(family, ASK),
      ...this.#queryRules(family, IN),
      { chain: ENTRIES.OUTPUT, spec: canary, target: 'DROP' },
      ...addresses.map((address) => ({
        chain: ENTRIES.OUTPUT,
        spec: `-s ${asPrefix(address)}`,
        target: FROM,
      })),
      ...addresses.map((address) => ({ chain: ENTRIES.OUTPUT, spec: `-d ${asPrefix(address)}`, target: TO })),
      ...intercepted.flatMap((address) => [
        { chain: ENTRIES.OUTPUT, spec: `-d ${asPrefix(address)}`, target: ASK },
        { chain: ENTRIES.PREROUTING, spec: `-d ${asPrefix(address)}`, target: IN },
      ]),
    ];
  }

  #fromRules(family: Family): Part[] {
    const { dnsPort, healthPort } = this.#plan;
    const renewal = this.#form.recent ? [this.#renewal(family)] : [];
    return [
      ...renewal,
      ...PROTOCOLS.map((protocol) => this.#exempt(FROM, `-p ${protocol} -m ${protocol} --sport ${dnsPort}`)),
      ...(healthPort === undefined ? [] : [this.#exempt(FROM, `-p tcp -m tcp --sport ${healthPort}`)]),
    ];
  }

  /** Only what is armed is renewed: an answer on its way while the guard disarms begins no new lease. */
  #renewal(family: Family): Part {
    const { u32 } = this.#form;
    const payload = u32 ? [`-m u32 --u32 "${DNS_FLAGS[family]}&${POSITIVE_REPLY}"`] : [];
    const spec = [
      `-p udp -m udp --sport ${this.#plan.dnsPort}`,
      ...payload,
      `-m recent --name ${listName('armed', family)} --rcheck --rsource`,
      `-m recent --name ${listName('live', family)} --set --rsource`,
    ];
    return { chain: FROM, spec: spec.join(' '), target: undefined };
  }

  #toRules(): Part[] {
    const { dnsPort, healthPort } = this.#plan;
    const probes = `--sport ${FIRST_PROBE_PORT}:${FIRST_PROBE_PORT + PROBE_PORTS - 1} --dport ${dnsPort}`;
    return [
      ...PROTOCOLS.map((protocol) => this.#exempt(TO, `-p ${protocol} -m ${protocol} ${probes}`)),
      ...(healthPort === undefined ? [] : [this.#exempt(TO, `-p tcp -m tcp --dport ${healthPort}`)]),
    ];
  }

  #queryRules(family: Family, chain: typeof ASK | typeof IN): Part[] {
    const { form, plan } = { form: this.#form, plan: this.#plan };
    const conditions = [
      ...(form.addrtype ? ['-m addrtype --dst-type LOCAL'] : []),
      ...(form.recent
        ? [
            `-m recent --name ${listName('armed', family)} --rcheck --rdest`,
            `-m recent --name ${listName('live', family)} --rcheck --seconds ${leaseSeconds(plan)} --rdest`,
          ]
        : []),
      // Last, since it looks for the socket. Plain: `--nowildcard` would also take somebody else's listener on 0.0.0.0. It knows no OUTPUT.
      ...(form.socket && chain === IN ? ['-m socket'] : []),
    ];
    return PROTOCOLS.map((protocol) =>
      this.#exempt(chain, [`-p ${protocol} -m ${protocol} --dport ${plan.dnsPort}`, ...conditions].join(' ')),
    );
  }

  #exempt(chain: string, spec: string): Part {
    return { chain, spec, target: this.#form.exempt };
  }
}

interface Part {
  readonly chain: string;
  readonly spec: string;
  readonly target: string | undefined;
}

const PROTOCOLS = ['udp', 'tcp'] as const;

/** `recent` counts whole seconds, and ends them within a jiffy. */
export const leaseSeconds = ({ leaseMs }: InterceptionPlan): number => Math.ceil(leaseMs / 1000);
