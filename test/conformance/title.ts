/**
 * A test's title as far as the source tells it: texts, and gaps where a value is only known at run time. Fills the placeholders of a table's
 * title (`%s`, `$what`) with the values of a row, as vitest does.
 */
import { child, children, literalOf, propertyOf, valueOf } from './syntax.ts';
import type { Constants, Node } from './syntax.ts';

/** What only a run would tell. */
export const GAP: unique symbol = Symbol('gap');

export type Title = readonly (string | typeof GAP)[];

const PLACEHOLDER = /%[sdifjoOc#$%]|\$[\w#][\w.]*/g;

/** The title that this expression gives. */
export function titleOf(node: Node | undefined, constants: Constants): Title {
  const value = valueOf(node, constants);
  const literal = literalOf(value);
  if (literal !== undefined) return [String(literal)];
  if (value?.type === 'BinaryExpression' && value['operator'] === '+') {
    return [...titleOf(child(value, 'left'), constants), ...titleOf(child(value, 'right'), constants)];
  }
  if (value?.type === 'TemplateLiteral') {
    const texts = children(value, 'quasis').map(cooked);
    const values = children(value, 'expressions').map((each) => titleOf(each, constants));
    return texts.flatMap((text, index): Title => [[text], values[index] ?? []].flat());
  }
  return [GAP];
}

function cooked(quasi: Node): string {
  const value: unknown = quasi['value'];
  if (typeof value !== 'object' || value === null || !('cooked' in value)) return '';
  return typeof value.cooked === 'string' ? value.cooked : '';
}

/** A table's title for one of its rows; gaps for all placeholders where the row is not known. */
export function fillTitle(title: Title, row: Node | undefined, constants: Constants): Title {
  const values = row?.type === 'ArrayExpression' ? children(row, 'elements') : [row];
  let next = 0;
  const fill = (placeholder: string): Title => {
    if (placeholder === '%%') return ['%'];
    if (placeholder === '%#' || placeholder === '%$') return [GAP];
    if (placeholder.startsWith('%')) return shown(values[next++], placeholder, constants);
    const name = placeholder.slice(1);
    return shown(propertyOf(valueOf(row, constants), name), placeholder, constants);
  };
  return title.flatMap((part) =>
    part === GAP
      ? [GAP]
      : splitAtPlaceholders(part).flatMap((piece) => (piece.placeholder ? fill(piece.text) : [piece.text])),
  );
}

interface Piece {
  readonly text: string;
  readonly placeholder: boolean;
}

function splitAtPlaceholders(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    pieces.push(
      { text: text.slice(end, match.index), placeholder: false },
      { text: match[0], placeholder: true },
    );
    end = match.index + match[0].length;
  }
  return [...pieces, { text: text.slice(end), placeholder: false }];
}

/** Numbers and texts read the same in every notation but JSON's; for all others the gap will do. */
function shown(node: Node | undefined, placeholder: string, constants: Constants): Title {
  const value = literalOf(valueOf(node, constants));
  if (value === undefined) return [GAP];
  if (placeholder === '%j') return [JSON.stringify(value)];
  return [String(value)];
}
