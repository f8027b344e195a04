/** What is wrong with a server block by itself. */
import { formatDuration } from '../base/duration.ts';
import type { BlockExplanation } from './explanation.ts';
import type { Warning } from './warning.ts';

/** Plugins whose answers are worth keeping: they ask, or compute. */
const SOURCES: ReadonlySet<string> = new Set(['forward', 'template', 'hosts']);

export const blockWarnings = (block: BlockExplanation): Warning[] => [
  ...unheard(block),
  ...unanswered(block),
  ...uselessCache(block),
  ...longDenials(block),
  ...capitals(block),
];

function unheard({ listens, place }: BlockExplanation): Warning[] {
  if (listens.length > 0) return [];
  const message = 'this server block listens nowhere: its bind line leaves no address';
  return [{ code: 'no-listener', place, message }];
}

function unanswered({ handlers, place }: BlockExplanation): Warning[] {
  if (handlers.length > 0) return [];
  const message = 'nothing in this server block answers: every query gets REFUSED';
  return [{ code: 'no-answers', place, message }];
}

function uselessCache({ cache, handlers }: BlockExplanation): Warning[] {
  if (cache === null || handlers.some((name) => SOURCES.has(name))) return [];
  return [
    {
      code: 'cache-without-forward',
      place: cache.place,
      message:
        'cache without forward: nothing in this server block gives it answers to keep. Add a forward line, or take the cache away',
    },
  ];
}

function longDenials({ cache }: BlockExplanation): Warning[] {
  if (cache === null || cache.denial.maxTtlSeconds <= cache.success.maxTtlSeconds) return [];
  const [denial, success] = [cache.denial, cache.success].map(({ maxTtlSeconds }) =>
    formatDuration(maxTtlSeconds * 1000),
  );
  return [
    {
      code: 'denial-ttl',
      place: cache.place,
      message: `denials are kept for up to ${denial}, longer than answers (${success}): a name that is new stays unknown for that long. Set it with "denial CAPACITY TTL"`,
    },
  ];
}

function capitals({ keys, place }: BlockExplanation): Warning[] {
  return keys
    .filter((key) => /[A-Z]/.test(key))
    .map((key) => ({
      code: 'upper-case-zone',
      place,
      message: `${key} is served as ${key.toLowerCase()}; node-cache (CoreDNS before 1.14.7) refuses every query for a zone with capitals. Write it in lower case`,
    }));
}
