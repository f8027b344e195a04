/** Figures as a table in Markdown: how many queries were lost, of an event that was measured several times the median and each, and what else is told. */
import type { Figure } from './figures.ts';
import { median } from './load/summary.ts';

const COLUMNS = [
  { title: 'pod IPv4', client: 'pod', family: 'ipv4' },
  { title: 'pod IPv6', client: 'pod', family: 'ipv6' },
  { title: 'host IPv4', client: 'host', family: 'ipv4' },
  { title: 'host IPv6', client: 'host', family: 'ipv6' },
] as const;

/** @param figures of one setting, in the order of their events */
export function figuresTable(figures: readonly Figure[]): string {
  const events = [...new Set(figures.map(({ event }) => event))];
  const lines = events.map((name) => lineOf(figures.filter(({ event }) => event === name)));
  return [
    `| event | ${COLUMNS.map(({ title }) => `lost, ${title}`).join(' | ')} | besides |`,
    `|---|${COLUMNS.map(() => '---:|').join('')}---|`,
    ...lines,
  ].join('\n');
}

function lineOf(figures: readonly Figure[]): string {
  const lost = COLUMNS.map(({ client, family }) =>
    lostOf(figures.filter((each) => each.client === client && each.family === family)),
  );
  return `| ${[figures[0]?.event, ...lost, besides(figures)].join(' | ')} |`;
}

function lostOf(figures: readonly Figure[]): string {
  const each = figures.map(({ lost }) => lost);
  if (each.length < 2) return each.join('');
  return `${median(each)} (${each.toSorted((a, b) => a - b).join(' ')})`;
}

/** Of the slowest family in the middle round. */
function besides(figures: readonly Figure[]): string {
  const pod = figures.filter(({ client }) => client === 'pod');
  const took = pod.flatMap(({ clusterTookMs }) => (clusterTookMs === undefined ? [] : [clusterTookMs]));
  const back = figures.flatMap(({ backLocalMs }) => (backLocalMs === undefined ? [] : [backLocalMs]));
  const { healedMs } = figures[0] ?? {};
  const happened = pod.flatMap(({ happenedMs }) => (happenedMs === undefined ? [] : [happenedMs]));
  return [
    ...(happened.length === 0 ? [] : [`happened in ${median(happened)} ms`]),
    ...(took.length === 0
      ? []
      : [
          `cluster DNS answers a pod in ${median(took.map((each) => each.median))} ms, 95 % in ${median(took.map(({ p95 }) => p95))} ms`,
        ]),
    ...(healedMs === undefined ? [] : [`healed after ${healedMs} ms`]),
    ...(back.length === 0 ? [] : [`all answers local again after ${Math.round(median(back))} ms`]),
  ].join('; ');
}
