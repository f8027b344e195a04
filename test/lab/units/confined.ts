/**
 * A command as a container runtime or systemd starts it: with exactly these capabilities and none to gain, on a root file system and kernel settings
 * that cannot be written to. What else they confine (system calls, devices) is not done here.
 */

export interface Confinement {
  /** Names without `CAP_`, in any case: the bounding set, and what root has of it. */
  readonly capabilities: readonly string[];
  /** Runs as this user and group, with these of the capabilities; as root unless given. */
  readonly user?: { readonly id: number; readonly ambient: readonly string[] };
  /** Files and directories that exist and can be written to all the same. */
  readonly writable: readonly string[];
}

/** Mounts are those of the process alone: `ip netns exec` has made a mount namespace for it. A colon ends the list of what is writable. */
const READ_ONLY_ROOT = `
while [ "$1" != : ]; do mount --bind "$1" "$1"; shift; done
shift
mount -o remount,bind,ro /
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
exec "$@"
`;

/** To be started by `Namespace.start`. */
export function confined(
  command: readonly string[],
  { capabilities, user, writable }: Confinement,
): readonly string[] {
  const ambient = user === undefined ? '-all' : capabilityList(user.ambient);
  return [
    ...inReadOnlyRoot(writable),
    'setpriv',
    `--bounding-set=${capabilityList(capabilities)}`,
    `--inh-caps=${ambient}`,
    `--ambient-caps=${ambient}`,
    ...(user === undefined ? [] : [`--reuid=${user.id}`, `--regid=${user.id}`, '--clear-groups']),
    '--no-new-privs',
    '--',
    ...command,
  ];
}

const inReadOnlyRoot = (writable: readonly string[]): readonly string[] => [
  'sh',
  '-euc',
  READ_ONLY_ROOT,
  'sh',
  ...writable,
  ':',
];

const capabilityList = (names: readonly string[]): string =>
  ['-all', ...names.map((name) => `+${name.replace(/^CAP_/, '').toLowerCase()}`)].join(',');
