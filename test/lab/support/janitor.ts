/**
 * Removes what a lab has made also when the process that made it is killed: a shell that waits on a pipe from that process, and cleans when the
 * pipe is closed, however that comes about. It is in a session of its own, so that the Ctrl-C of a terminal does not reach it.
 */
import { spawn } from 'node:child_process';

export interface Janitor {
  /** Has it clean now; resolves when all is gone. */
  clean(): Promise<void>;
}

/** Processes in these namespaces are killed; that is all that a namespace made for a test has in it. */
const SCRIPT = `
read -r _
for name in $NAMESPACES; do
  pids=$(ip netns pids "$name" 2>/dev/null) && [ -n "$pids" ] && kill -KILL $pids 2>/dev/null
  ip netns delete "$name" 2>/dev/null
done
rm -rf -- "$DIRECTORY"
`;

/** @param directory gone with its content in the end */
export function startJanitor(namespaces: readonly string[], directory: string): Janitor {
  const shell = spawn('sh', ['-c', SCRIPT], {
    env: { ...process.env, NAMESPACES: namespaces.join(' '), DIRECTORY: directory },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()));
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return {
    async clean() {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
  };
}
