// The words of one action, read from the front. Which words follow each other without a space decides what is one operand.

import type { Token } from './go-template-lexer.ts';

export class Words {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get atEnd(): boolean {
    return this.at >= this.tokens.length;
  }

  /** The next word as an error shows it. */
  get shown(): string {
    return this.atEnd ? 'end of action' : JSON.stringify(this.tokens[this.at].text);
  }

  take(kind: Token['kind']): Token | undefined {
    return this.tokens[this.at]?.kind === kind ? this.tokens[this.at++] : undefined;
  }

  takeIdentifier(...names: string[]): string | undefined {
    const token = this.tokens[this.at];
    return token?.kind === 'identifier' && names.includes(token.text)
      ? this.tokens[this.at++].text
      : undefined;
  }

  /** The next word unless a command ends there, or two operands stand without a space. */
  takeOperand(): Token | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === 'pipe' || token.kind === 'close') return undefined;
    const before = this.tokens[this.at - 1];
    const free = !token.glued || before === undefined || before.kind === 'open' || before.kind === 'pipe';
    return free ? this.tokens[this.at++] : undefined;
  }

  takeGluedFields(): string[] {
    const names: string[] = [];
    while (this.tokens[this.at]?.kind === 'field' && this.tokens[this.at].glued)
      names.push(this.tokens[this.at++].text);
    return names;
  }
}
