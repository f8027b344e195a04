/** The lab's figures: a table for who looks, and a JSON file (`NODELOCALDNS_LAB_FIGURES`) for who keeps them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Outcome, Row } from './event.ts';
import { figuresTable } from './figures-table.ts';

export interface Setting {
  readonly rules: string;
  readonly kubeProxy: string;
  /** How the pod is attached. */
  readonly pod: string;
}

export interface Figure extends Setting, Row {
  readonly event: string;
  /** From 1. */
  readonly round: number;
  readonly healedMs: number | undefined;
}

/** Figures of one test file, in the order of their events. */
export class Figures {
  readonly #setting: Setting;
  readonly #figures: Figure[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** @param names of the rounds, where they are different events; else one */
  add(names: readonly string[], { rounds, healedMs }: Outcome): void {
    rounds.forEach((rows, index) => {
      const event = names[index] ?? names[0] ?? '';
      const round = names.length > 1 ? 1 : index + 1;
      this.#figures.push(...rows.map((row) => ({ event, round, healedMs, ...this.#setting, ...row })));
    });
  }

  /** Prints the table, and puts these in place of those of an earlier run with the same setting. */
  publish(): void {
    const { rules, kubeProxy, pod } = this.#setting;
    const title = `rules ${rules}, kube-proxy ${kubeProxy}, pod by ${pod}`;
    process.stdout.write(`\n${title}\n${figuresTable(this.#figures)}\n`);
    const path = process.env['NODELOCALDNS_LAB_FIGURES'];
    if (path === undefined) return;
    const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Figure[]) : [];
    const others = known.filter(
      (figure) => figure.rules !== rules || figure.kubeProxy !== kubeProxy || figure.pod !== pod,
    );
    writeFileSync(path, `${JSON.stringify([...others, ...this.#figures], undefined, 2)}\n`);
  }
}
