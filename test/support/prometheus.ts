/**
 * A real Prometheus that scrapes what a test tells it to, and says what it has understood: whether each target could be read, and which families
 * and series it now has. Everything it writes is in a temporary directory, and it listens on loopback. Suites that use it say so with
 * `requireTools('prometheus')`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { Child, ChildOptions } from './child.ts';
import { eventually } from './eventually.ts';
import { toolPath } from './tools.ts';

export interface PrometheusOptions {
  /** Where it is asked: a free port of 127.0.0.1. */
  readonly port: number;
  /** What it scrapes, as `host:port` by the name of the job. */
  readonly jobs: Readonly<Record<string, string>>;
  /** Starts it elsewhere, as in a network namespace; `startChild` unless given. */
  readonly start?: (options: ChildOptions) => Child;
  /** Gets a page from there; rejects as long as there is none. */
  readonly get?: (url: string) => Promise<string>;
}

export interface Target {
  readonly labels: { readonly job: string };
  /** `up` after a scrape that could be read. */
  readonly health: string;
  readonly lastError: string;
  readonly scrapePool: string;
}

export interface FamilyMetadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
}

/** By label name; `__name__` is the name of the series. Prometheus keeps no label that is empty. */
export type SeriesLabels = Readonly<Record<string, string>>;

const SCRAPE_INTERVAL = '1s';

export class Prometheus {
  readonly child: Child;
  private readonly url: string;
  private readonly get: (url: string) => Promise<string>;

  private constructor(child: Child, url: string, get: (url: string) => Promise<string>) {
    this.child = child;
    this.url = url;
    this.get = get;
  }

  /** Resolves when each target was scraped, well or not. Whoever starts it in a hook also stops it. */
  static async start({
    port,
    jobs,
    start = startChild,
    get = getText,
  }: PrometheusOptions): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-prometheus-'));
    const config = join(directory, 'prometheus.yml');
    writeFileSync(config, configOf(jobs));
    const address = `127.0.0.1:${port}`;
    const child = start({
      command: [
        toolPath('prometheus'),
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      cleanUp: () => rmSync(directory, { recursive: true, force: true }),
    });
    const made = new Prometheus(child, `http://${address}/api/v1`, get);
    await eventually(async () => {
      const targets = await made.targets().catch(() => []);
      return (
        targets.length === Object.keys(jobs).length && targets.every(({ health }) => health !== 'unknown')
      );
    });
    return made;
  }

  async targets(): Promise<readonly Target[]> {
    const { activeTargets } = (await this.ask('targets?state=active')) as { activeTargets: Target[] };
    return activeTargets;
  }

  /** What was understood of the families of this job's page. */
  async metadata(job: string): Promise<readonly FamilyMetadata[]> {
    const match = encodeURIComponent(`{job="${job}"}`);
    return (await this.ask(`targets/metadata?match_target=${match}`)) as FamilyMetadata[];
  }

  /** Every series of this job's page, without the labels that Prometheus adds. */
  async series(job: string): Promise<readonly SeriesLabels[]> {
    const match = encodeURIComponent(`{job="${job}",__name__!~"up|scrape_.*"}`);
    const found = (await this.ask(`series?match[]=${match}`)) as SeriesLabels[];
    return found.map(({ job: _job, instance: _instance, ...labels }) => labels);
  }

  stop(): ReturnType<Child['stop']> {
    return this.child.stop();
  }

  private async ask(path: string): Promise<unknown> {
    const { status, data } = JSON.parse(await this.get(`${this.url}/${path}`)) as Record<string, unknown>;
    if (status !== 'success') throw new Error(`${path}: ${String(status)}`);
    return data;
  }
}

async function getText(url: string): Promise<string> {
  const response = await fetch(url);
  return response.text();
}

const configOf = (jobs: Readonly<Record<string, string>>): string => `
global:
  scrape_interval: ${SCRAPE_INTERVAL}
  scrape_timeout: ${SCRAPE_INTERVAL}
scrape_configs:
${Object.entries(jobs)
  .map(([job, address]) => `- job_name: ${job}\n  static_configs:\n  - targets: ['${address}']`)
  .join('\n')}
`;
