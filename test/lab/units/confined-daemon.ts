/** The program on the lab's node as the manifest or a unit starts it: their command line, their Corefile, and no more than they grant. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partsOf, readManifest } from '../../config/manifest.ts';
import type { Child } from '../../support/child.ts';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import type { Lab } from '../support/lab.ts';
import type { Namespace } from '../support/namespace.ts';
import { UPSTREAM_IP } from '../support/plan.ts';
import { confined } from './confined.ts';
import type { Confinement } from './confined.ts';

export interface ConfinedStart extends Omit<Confinement, 'writable'> {
  /** Behind the program's file, with the directory of the Corefile as `/etc/coredns` or `/etc/nodelocaldns`. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What the manifest's Corefile needs to know. */
const UPSTREAM = { KUBE_DNS_UPSTREAM_SERVICE_HOST: UPSTREAM_IP.ipv4 };
const READABLE_BY_ALL = 0o755;
const CONFIGURED_AT = /^\/etc\/(?:coredns|nodelocaldns)(?=\/)/;

/** Starts it; see `untilReady`. */
export function startConfined(lab: Lab, { args, env = {}, ...confinement }: ConfinedStart): Child {
  const directory = corefileDirectory(lab);
  const here = (text: string): string => text.replace(CONFIGURED_AT, directory);
  writeFileSync(lab.lockFile, '');
  const command = [process.execPath, 'src/main.ts', ...args.map(here), ...interfaceFlags(lab.node, args)];
  return lab.node.start(confined(command, { ...confinement, writable: [lab.lockFile] }), {
    cwd: REPOSITORY_ROOT,
    env: {
      ...lab.environment,
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)])),
      ...UPSTREAM,
    },
  });
}

/** Readable for every user, as a ConfigMap is. Gone with the lab. */
function corefileDirectory(lab: Lab): string {
  chmodSync(lab.directory, READABLE_BY_ALL);
  const directory = join(lab.directory, 'configuration');
  mkdirSync(directory, { recursive: true, mode: READABLE_BY_ALL });
  writeFileSync(join(directory, 'Corefile'), partsOf(readManifest()).corefile);
  return directory;
}

/** Kernels without the dummy module carry the addresses on a bridge. */
function interfaceFlags(node: Namespace, args: readonly string[]): readonly string[] {
  if (args[0] === 'serve') return [];
  if (!node.succeeds('ip', 'link', 'add', 'try-dummy', 'type', 'dummy'))
    return ['--interface-type', 'bridge'];
  node.run('ip', 'link', 'delete', 'try-dummy');
  return [];
}

const FETCH = `fetch(process.argv[1]).then(
  async (answer) => process.stdout.write(answer.status + '\\n' + await answer.text()),
  (error) => process.stdout.write('0\\n' + error.cause),
)`;

/** Asks for a page from inside of a namespace. Status 0 where nobody answers. */
export function readPage(host: Namespace, url: string): { readonly status: number; readonly body: string } {
  const [status = '', ...lines] = host.run(process.execPath, '-e', FETCH, url).split('\n');
  return { status: Number(status), body: lines.join('\n') };
}

/** @throws Error with what it has printed, when it ends before it is ready */
export async function untilReady(daemon: Child, isReady: () => boolean): Promise<void> {
  const ended = daemon.ended.then(({ code, signal }) => {
    throw new Error(`it ended with ${signal ?? code}:\n${daemon.lines().join('\n')}`);
  });
  await Promise.race([ended, eventually(isReady)]);
}
