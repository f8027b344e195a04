/** Blocks and lines that others stand in front of, so that nobody is ever answered by them, or not everywhere. */
import { endpointText, isWildcard } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { titleOf } from './explanation.ts';
import type { BlockExplanation, ForwardExplanation } from './explanation.ts';
import { blockFor, isSame } from './routes.ts';
import type { Warning } from './warning.ts';
import { common, isUnder } from './zone-names.ts';

export function shadowWarnings(blocks: readonly BlockExplanation[]): Warning[] {
  return [
    ...blocks.flatMap((block, index) => blocks.slice(0, index).flatMap((other) => conflictOf(block, other))),
    ...blocks.flatMap((block) => hiddenLines(block, blocks)),
  ];
}

/** Sockets that stand beside each other: one address beside all of them, and one written in two ways, of which one cannot be had. Equal texts are one socket. */
function conflictOf(block: BlockExplanation, other: BlockExplanation): Warning[] {
  for (const mine of block.listens) {
    const theirs = other.listens.find((endpoint) => isInTheWay(mine, endpoint));
    if (theirs === undefined) continue;
    const where = `${placeText(mine)}, and ${titleOf(other)} on ${placeText(theirs)}`;
    return [
      {
        code: 'shadowed-block',
        place: block.place,
        message: `this server block listens on ${where}: who asks there is answered from the zones of one of the two alone. Give both the same bind line`,
      },
    ];
  }
  return [];
}

function isInTheWay(one: Endpoint, other: Endpoint): boolean {
  if (one.port !== other.port || one.address === other.address) return false;
  return isWildcard(one.address) || isWildcard(other.address) || isSame(one, other);
}

const placeText = (endpoint: Endpoint): string =>
  isWildcard(endpoint.address) ? `all addresses of port ${endpoint.port}` : endpointText(endpoint);

function hiddenLines(block: BlockExplanation, blocks: readonly BlockExplanation[]): Warning[] {
  return block.forward.flatMap((line, index): Warning[] => {
    const why =
      outsideOf(block, line) ??
      behindBlock(block, line, blocks) ??
      behindLine(line, block.forward.slice(0, index));
    if (why === undefined) return [];
    return [
      { code: 'shadowed-forward', place: line.place, message: `this forward line is never asked: ${why}` },
    ];
  });
}

function outsideOf({ zones }: BlockExplanation, { from }: ForwardExplanation): string | undefined {
  if (zones.some(({ zone }) => common(zone, from) !== undefined)) return undefined;
  return `no name of its server block lies under ${from}`;
}

/** A block with a closer zone takes the names that the line is about. */
function behindBlock(
  block: BlockExplanation,
  { from }: ForwardExplanation,
  blocks: readonly BlockExplanation[],
): string | undefined {
  let hiding: BlockExplanation | undefined;
  for (const endpoint of block.listens) {
    for (const { zone, port } of block.zones) {
      const name = common(zone, from);
      if (port !== endpoint.port || name === undefined) continue;
      const answering = blockFor(name, endpoint, blocks, new Set());
      if (answering === block) return undefined;
      hiding = answering;
    }
  }
  return hiding === undefined ? undefined : `${titleOf(hiding)} takes names under ${from} before this block`;
}

function behindLine({ from }: ForwardExplanation, before: readonly ForwardExplanation[]): string | undefined {
  const hiding = before.find((line) => isUnder(from, line.from) && line.except.length === 0 && !line.handsOn);
  return hiding === undefined ? undefined : `the one at ${hiding.place} takes the same names first`;
}
