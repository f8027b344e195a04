/** The end of a listener's life: what waits in the socket is read, what was read is answered. */

/** Rounds of the event loop without a new query after which the socket counts as read dry. */
const QUIET_ROUNDS = 3;

/**
 * Resolves when no query is in flight and the socket has given none for a few rounds of the event loop, or after `graceMs`.
 * Each round lets the loop poll its sockets once, so a queue in the kernel is read to its end.
 */
export async function waitUntilIdle(
  listener: { readonly inFlight: number },
  received: () => number,
  graceMs: number,
): Promise<void> {
  const endMs = performance.now() + graceMs;
  let quiet = 0;
  let seen = received();
  while (quiet < QUIET_ROUNDS && performance.now() < endMs) {
    await nextRound(listener.inFlight > 0);
    const now = received();
    quiet = now === seen && listener.inFlight === 0 ? quiet + 1 : 0;
    seen = now;
  }
}

/** With answers outstanding there is no sense in spinning: upstreams take milliseconds. */
function nextRound(waiting: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (waiting) setTimeout(resolve, 2);
    else setImmediate(resolve);
  });
}
