/** The daemon's pages, asked as probes and Prometheus ask them. */
import { parseExposition } from '../observe/parse-exposition.ts';
import type { ParsedFamily } from '../observe/parse-exposition.ts';

export interface Page {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}

/** @throws {TypeError} when nobody listens. */
export async function getPage(port: number, path: string): Promise<Page> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    body: await response.text(),
  };
}

/** What `/metrics` says, every family and series. @throws {Error} for text that a strict reader does not take. */
export async function scrape(port: number): Promise<Scrape> {
  const { status, body } = await getPage(port, '/metrics');
  if (status !== 200) throw new Error(`/metrics says ${status}: ${body}`);
  return new Scrape(parseExposition(body));
}

export class Scrape {
  readonly families: ReadonlyMap<string, ParsedFamily>;

  constructor(families: ReadonlyMap<string, ParsedFamily>) {
    this.families = families;
  }

  /** The sum of the series of this name that have all these labels; 0 without any. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const family = this.families.get(name) ?? this.families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
    const wanted = Object.entries(labels);
    return (family?.series ?? [])
      .filter((series) => series.name === name)
      .filter((series) => wanted.every(([label, value]) => series.labels.get(label) === value))
      .reduce((sum, series) => sum + series.value, 0);
  }

  /** The series of this name, each as `label=value` pairs in the order of the page. */
  series(name: string): string[] {
    return (this.families.get(name)?.series ?? []).map((series) =>
      [...series.labels].map(([label, value]) => `${label}=${value}`).join(' '),
    );
  }
}
