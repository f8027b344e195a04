/**
 * One `answer`, `authority` or `additional` line: a Go template whose output is a resource record. A line without actions is read once,
 * when the configuration is.
 */
import { messageOf } from '../../base/error-message.ts';
import { SECTION_ADDITIONAL, SECTION_ANSWER, SECTION_AUTHORITY } from '../../wire/header.ts';
import { parseRecordText } from '../../wire/record-text.ts';
import type { ResourceRecord } from '../../wire/record-text.ts';
import { compileTemplate } from './go-template.ts';
import type { GoTemplate } from './go-template.ts';
import { TEMPLATE_SCOPE } from './template-data.ts';
import type { TemplateData } from './template-data.ts';

/** The options of the directive that hold records, and where these go. */
export const SECTIONS = {
  answer: SECTION_ANSWER,
  authority: SECTION_AUTHORITY,
  additional: SECTION_ADDITIONAL,
} as const;
export type SectionName = keyof typeof SECTIONS;

/** Thrown where the template ran, but what came out is no record. */
export class NoRecordError extends RangeError {}

export class RecordTemplate {
  readonly sectionName: SectionName;
  private readonly template: GoTemplate;
  /** The record of a template that always gives the same one. */
  private readonly fixed: ResourceRecord | undefined;

  /** @throws RangeError for a template that cannot be read, or a fixed text that is no record */
  constructor(sectionName: SectionName, source: string) {
    this.sectionName = sectionName;
    this.template = compileTemplate(sectionName, source, TEMPLATE_SCOPE);
    const { constant } = this.template;
    this.fixed = constant === undefined ? undefined : parseRecordText(constant);
  }

  get source(): string {
    return this.template.source;
  }

  get section(): number {
    return SECTIONS[this.sectionName];
  }

  /**
   * @param data makes what the template sees, where it is needed.
   * @returns the record, or undefined where nothing but white space came out: an `if` that does not hold.
   * @throws RangeError when the template fails, NoRecordError when its output is no record
   */
  render(data: () => TemplateData): ResourceRecord | undefined {
    if (this.fixed !== undefined) return this.fixed;
    const text = this.template.execute(data());
    if (text.trim() === '') return undefined;
    try {
      return parseRecordText(text);
    } catch (cause) {
      throw new NoRecordError(messageOf(cause), { cause });
    }
  }
}
