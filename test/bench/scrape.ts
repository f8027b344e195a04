/** A page of metrics fetched from a running server as Prometheus does, and forgotten. */
import type { RunningServer } from './running-server.ts';

/** @throws {Error} when there is none */
export async function scrape({ place }: RunningServer): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${place.sparePort}/metrics`);
  await response.text();
}
