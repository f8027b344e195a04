/** The lab's figures: a table for who looks, and a JSON file (`NODELOCALDNS_LAB_FIGURES`) for who keeps them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Row } from './event.ts';

export interface Setting {
  readonly rules: string;
  readonly kubeProxy: string;
  /** How the pod is attached. */
  readonly pod: string;
}

interface Figure extends Setting, Row {
  readonly event: string;
}

/** Figures of one test file, in the order of their events. */
export class Figures {
  readonly #setting: Setting;
  readonly #figures: Figure[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  add(event: string, rows: readonly Row[]): void {
    this.#figures.push(...rows.map((row) => ({ event, ...this.#setting, ...row })));
  }

  /** Prints the table, and puts these in place of those of an earlier run with the same setting. */
  publish(): void {
    const { rules, kubeProxy, pod } = this.#setting;
    process.stdout.write(`\nrules ${rules}, kube-proxy ${kubeProxy}, pod by ${pod}\n${this.#table()}\n`);
    const path = process.env['NODELOCALDNS_LAB_FIGURES'];
    if (path === undefined) return;
    const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Figure[]) : [];
    const others = known.filter(
      (figure) => figure.rules !== rules || figure.kubeProxy !== kubeProxy || figure.pod !== pod,
    );
    writeFileSync(path, `${JSON.stringify([...others, ...this.#figures], undefined, 2)}\n`);
  }

  /** Lost queries, and for how long nobody answered. */
  #table(): string {
    const columns = ['pod ipv4', 'pod ipv6', 'host ipv4', 'host ipv6'];
    const events = [...new Set(this.#figures.map(({ event }) => event))];
    const lines = events.map((event) => {
      const cells = columns.map((column) => {
        const row = this.#figures.find(
          (each) => each.event === event && `${each.client} ${each.family}` === column,
        );
        return row === undefined
          ? ''
          : `${row.lost} of ${row.asked}, ${row.longestGapMs} ms${afterwards(row)}`;
      });
      return `| ${[event, ...cells].join(' | ')} |`;
    });
    return [
      `| event | ${columns.map((column) => `${column}: lost, longest silence`).join(' | ')} |`,
      `|---|${columns.map(() => '---|').join('')}`,
      ...lines,
    ].join('\n');
  }
}

const afterwards = ({ firstClusterMs, backLocalMs }: Row): string =>
  (firstClusterMs === undefined ? '' : `, cluster DNS after ${firstClusterMs} ms`) +
  (backLocalMs === undefined ? '' : `, back after ${Math.round(backLocalMs)} ms`);
