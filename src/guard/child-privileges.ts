/**
 * With which privileges `serve` runs under `run`: a user of its own, port 53, and nothing else; and that it dies with its parent. It parses
 * what strangers send, so what it could do to the host is taken from it for good, before it starts: by `setpriv` (util-linux). Where that is
 * missing, or we lack the capabilities to use it, what can be had is, and what is weaker is said. Decides only; `child-process.ts` starts.
 */

/** Numbers of capabilities (linux/capability.h). */
const CAP_KILL = 5;
const CAP_SETGID = 6;
const CAP_SETUID = 7;
const CAP_SETPCAP = 8;
const CAP_NET_BIND_SERVICE = 10;
const CAP_NET_ADMIN = 12;

/** To become another user, and to be able to signal the process that did. */
const TO_SWITCH_USER = [CAP_SETUID, CAP_SETGID, CAP_KILL];
const ROOT = 0;

/** What we are, and what there is. */
export interface Circumstances {
  /** Effective user id of this process. */
  readonly ownUser: number;
  /** Its effective capabilities, a bit each. */
  readonly capabilities: bigint;
  /** The user id that is wanted for `serve`. */
  readonly user: number;
  readonly dnsPort: number;
  /** Ports from this one on need no capability (net.ipv4.ip_unprivileged_port_start). */
  readonly unprivilegedPort: number;
}

export interface ChildPrivileges {
  /** What stands in front of the command. */
  readonly prefix: readonly string[];
  /** What Node does by itself between fork and exec. */
  readonly spawnAs: { readonly uid: number; readonly gid: number } | undefined;
  readonly runsAs: number;
  /** `itself`: nobody has asked the kernel to end it with us, so it has to see to that. */
  readonly endsWithParentBy: 'kernel' | 'itself';
  /** What is weaker than it should be, a sentence each. */
  readonly weaknesses: readonly string[];
}

/** @param setpriv its path */
export function privilegesBySetpriv(setpriv: string, circumstances: Circumstances): ChildPrivileges {
  const { ownUser, user } = circumstances;
  const has = ofCapabilities(circumstances);
  const weaknesses: string[] = [];
  const switches = ownUser === ROOT && user !== ROOT && TO_SWITCH_USER.every(has);
  const runsAs = switches ? user : ownUser;
  if (ownUser === ROOT && user !== ROOT && !switches) weaknesses.push(needsToSwitch(user));
  const kept = has(CAP_NET_BIND_SERVICE) ? '-all,+net_bind_service' : '-all';
  if (!has(CAP_NET_BIND_SERVICE) && needsToBind(circumstances)) weaknesses.push(cannotBind(circumstances));
  if (runsAs === ROOT && !has(CAP_SETPCAP)) {
    weaknesses.push('serve keeps all capabilities: SETPCAP is needed to take them from root');
  }
  const prefix = [
    setpriv,
    ...(switches ? [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'] : []),
    `--inh-caps=${kept}`,
    `--ambient-caps=${kept}`,
    ...(has(CAP_SETPCAP) ? ['--bounding-set=-all,+net_bind_service'] : []),
    '--no-new-privs',
    '--pdeathsig=KILL',
    '--',
  ];
  return { prefix, spawnAs: undefined, runsAs, endsWithParentBy: 'kernel', weaknesses };
}

/** @param reason why setpriv is not used */
export function privilegesWithoutSetpriv(reason: string, circumstances: Circumstances): ChildPrivileges {
  const { ownUser, user } = circumstances;
  const has = ofCapabilities(circumstances);
  const wantsSwitch = ownUser === ROOT && user !== ROOT;
  // A user id that is not root's loses every capability on the way.
  const switches = wantsSwitch && TO_SWITCH_USER.every(has) && !needsToBind(circumstances);
  const runsAs = switches ? user : ownUser;
  const left =
    runsAs === ROOT
      ? 'serve runs as root with all capabilities of this process'
      : 'serve could gain privileges by programs that carry them';
  return {
    prefix: [],
    spawnAs: switches ? { uid: user, gid: user } : undefined,
    runsAs,
    endsWithParentBy: 'itself',
    weaknesses: [`without setpriv of util-linux (${reason}) ${left}`],
  };
}

/** `CapEff` of `/proc/self/status`, as that file has it. */
export function capabilitiesIn(status: string): bigint {
  const digits = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1];
  return digits === undefined ? 0n : BigInt(`0x${digits}`);
}

/** Whether interfaces and rules may be changed with these capabilities. */
export const mayAdministerNetwork = (capabilities: bigint): boolean => isIn(capabilities, CAP_NET_ADMIN);

const isIn = (capabilities: bigint, capability: number): boolean =>
  ((capabilities >> BigInt(capability)) & 1n) === 1n;

const ofCapabilities =
  ({ capabilities }: Circumstances) =>
  (capability: number): boolean =>
    isIn(capabilities, capability);

const needsToBind = ({ dnsPort, unprivilegedPort }: Circumstances): boolean => dnsPort < unprivilegedPort;

const needsToSwitch = (user: number): string =>
  `serve runs as root: the capabilities SETUID, SETGID and KILL are needed to run it as user ${user}`;

const cannotBind = ({ dnsPort }: Circumstances): string =>
  `serve may not be allowed to bind port ${dnsPort}: this process lacks the capability NET_BIND_SERVICE`;
