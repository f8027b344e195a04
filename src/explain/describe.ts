/** An explanation as lines for people, who may read them at night: one paragraph for each server block, the same few rows in each. */
import { formatDuration } from '../base/duration.ts';
import type { StoreFacts, UpstreamFacts } from '../chain/facts.ts';
import { endpointText } from './endpoint.ts';
import { listensText } from './explanation.ts';
import type { BlockExplanation, CacheExplanation, Explanation, ForwardExplanation } from './explanation.ts';

const LABEL_WIDTH = 10;

/** Directives that the other rows tell of. */
const TOLD: ReadonlySet<string> = new Set([
  'bind',
  'cache',
  'forward',
  'prometheus',
  'health',
  'ready',
  'reload',
]);

/** Plugins that answer by themselves. */
const ANSWERING: ReadonlySet<string> = new Set(['local', 'template', 'hosts', 'whoami']);

/** Without line ends. */
export function describe(explanation: Explanation): string[] {
  const isAlone = explanation.blocks.length === 1;
  const blocks = explanation.blocks.flatMap((block) => [...describeBlock(block, isAlone), '']);
  return [...blocks, ...describeProcess(explanation)];
}

function describeBlock(block: BlockExplanation, isAlone: boolean): string[] {
  const { place, zones, cache, forward, handlers, directives } = block;
  const root = isAlone ? '. (every name)' : '. (every other name)';
  const others = directives.filter(({ words }) => !TOLD.has(words[0])).map(({ words }) => words.join(' '));
  return [
    `server block at ${place}`,
    row('serves', zones.map(({ zone }) => (zone === '.' ? root : zone)).join(' ')),
    row('listens', listensText(block) === '' ? 'nowhere' : listensOn(block)),
    ...(forward.length === 0
      ? [row('asks', nobody(handlers))]
      : forward.map((line) => row('asks', asks(line, place)))),
    ...(cache === null
      ? [row('caches', 'nothing')]
      : caches(cache, zones).map((text, index) => row(index === 0 ? 'caches' : '', text))),
    ...(others.length === 0 ? [] : [row('with', others.join('; '))]),
    row('order', handlers.length === 0 ? 'nothing: every query gets REFUSED' : handlers.join(' > ')),
  ];
}

/** Who answers where nobody is asked. */
function nobody(handlers: readonly string[]): string {
  const answering = handlers.filter((name) => ANSWERING.has(name));
  return answering.length === 0 ? 'nobody' : `nobody: answers are made by ${answering.join(', ')}`;
}

const row = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}`;

const listensOn = ({ listens }: BlockExplanation): string =>
  listens
    .map((endpoint) =>
      endpoint.address === '' ? `port ${endpoint.port} of all addresses` : endpointText(endpoint),
    )
    .join(', ');

function asks(
  { from, except, upstreams, transport, policy, files, place }: ForwardExplanation,
  blockPlace: string,
): string {
  const servers = upstreams.map(upstreamText).join(', ');
  const facts = [
    ...(servers === '' ? ['no server: every query for it gets SERVFAIL'] : [servers]),
    ...(files.length === 0 ? [] : [`from ${files.join(', ')}`]),
    ...(from === '.' ? [] : [`for ${from}`]),
    ...(except.length === 0 ? [] : [`not for ${except.join(' ')}`]),
    ...transportText(transport, upstreams),
    ...(upstreams.length > 1 ? [`${policy} order`] : []),
  ];
  return `${facts.join(', ')} (${shortPlace(place, blockPlace)})`;
}

/** `line 10` in the file of the block, whose name stands above it. */
function shortPlace(place: string, blockPlace: string): string {
  const [file, blockFile] = [place, blockPlace].map((text) => text.slice(0, text.lastIndexOf(':')));
  return file === blockFile ? `line ${place.slice(file.length + 1)}` : place;
}

const upstreamText = ({ protocol, host, port }: UpstreamFacts): string =>
  (protocol === 'dns' ? '' : `${protocol}://`) + endpointText({ address: host, port });

function transportText(
  transport: ForwardExplanation['transport'],
  upstreams: readonly UpstreamFacts[],
): string[] {
  if (upstreams.every(({ protocol }) => protocol === 'tls')) return [];
  if (transport === 'tcp') return ['over TCP'];
  return [transport === 'udp' ? 'over UDP first' : 'over what the client came by'];
}

function caches(cache: CacheExplanation, served: BlockExplanation['zones']): string[] {
  const { success, denial, failureSeconds, staleSeconds, prefetches, zones } = cache;
  const sameZones = zones.join(' ') === served.map(({ zone }) => zone).join(' ');
  const further = [
    ...(failureSeconds === 0 ? [] : [`SERVFAIL for ${seconds(failureSeconds)}`]),
    ...(staleSeconds === 0 ? [] : [`stale answers for ${seconds(staleSeconds)} more`]),
    ...(prefetches ? ['asks for popular ones before they end'] : []),
    ...(sameZones ? [] : [`only names under ${zones.join(' ')}`]),
  ];
  const bounds = `answers ${storeText(success)}; denials ${storeText(denial)}`;
  return further.length === 0 ? [bounds] : [bounds, further.join('; ')];
}

function storeText({ capacity, minTtlSeconds, maxTtlSeconds, disabledZones }: StoreFacts): string {
  const times =
    minTtlSeconds >= maxTtlSeconds
      ? `for ${seconds(maxTtlSeconds)}`
      : `for ${seconds(minTtlSeconds)} to ${seconds(maxTtlSeconds)}`;
  const not = disabledZones.length === 0 ? '' : `, none of ${disabledZones.join(' ')}`;
  return `${times}, at most ${capacity} entries${not}`;
}

const seconds = (count: number): string => formatDuration(count * 1000);

function describeProcess({ pages, reload, lameduckMs, workers }: Explanation): string[] {
  const every =
    reload === null
      ? 'only for SIGUSR1: no server block has reload'
      : `every ${formatDuration(reload.intervalMs)}, give or take ${formatDuration(reload.jitterMs / 2)}`;
  return [
    'the whole daemon',
    row('pages', pages.length === 0 ? 'none: no prometheus, health or ready' : pages.join(' ')),
    row('reloads', every),
    ...(lameduckMs > 0 ? [row('lameduck', formatDuration(lameduckMs))] : []),
    ...(workers > 1 ? [row('processes', String(workers))] : []),
    row('memory', 'all caches together stay within --cache-memory, whatever their entries add up to'),
  ];
}
