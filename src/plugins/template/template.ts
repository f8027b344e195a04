/**
 * Answers from templates (CoreDNS's `template`). The templates of a block are tried in their order: one that is for another zone, class
 * or type is passed over; in one that is for the query, a name that no pattern matches ends the search with SERVFAIL, unless the template
 * falls through. The first template that matches answers, and its answer is final: an rcode with records is one reply, whatever the rcode
 * (CoreDNS sends a second, empty one after REFUSED, FORMERR and NOTIMP). A configured SERVFAIL is a reply as well, not a failure: it is what
 * the operator wants, so nobody logs it as an error.
 *
 * Templates run on names from the network. They were read when the block was set up, do work in proportion to their length, and what
 * goes wrong in one costs this query a SERVFAIL. A name comes into the text of a record with its escapes (`\032`), so it cannot end a
 * field or begin another record.
 */
import { messageOf } from '../../base/error-message.ts';
import type { Pattern } from '../../base/pattern.ts';
import type { Handler } from '../../chain/handler.ts';
import { Failure, REPLY, Reply } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { AA, QR, SECTION_ANSWER, TC, readFlags, writeFlags } from '../../wire/header.ts';
import {
  CLASS_ANY,
  EDE_OTHER,
  SERVFAIL,
  TYPE_A,
  TYPE_AAAA,
  TYPE_ANY,
  TYPE_CNAME,
} from '../../wire/registry.ts';
import type { ResourceRecord } from '../../wire/record-text.ts';
import { appendAnswers } from './effective-records.ts';
import type { Matched, TemplateMetrics } from './metrics.ts';
import { NoRecordError } from './record-template.ts';
import type { RecordTemplate } from './record-template.ts';
import { ruleZone } from './rule.ts';
import type { Rule } from './rule.ts';
import { templateData } from './template-data.ts';
import type { TemplateData } from './template-data.ts';

const NAME = 'template';
const NO_NAMES: ReadonlyMap<string, number> = new Map();
const NO_MATCH = new Failure(
  SERVFAIL,
  'no pattern of the template matches, and it does not fall through',
  NAME,
  {
    code: EDE_OTHER,
    text: 'no template pattern matches',
  },
);

interface Rendered {
  readonly section: number;
  readonly record: ResourceRecord;
}

export class TemplateHandler implements Handler {
  readonly name = NAME;
  private readonly next: Handler;
  private readonly rules: readonly Rule[];
  private readonly metrics: TemplateMetrics;
  private readonly resolve: SetupContext['resolve'];

  constructor(
    next: Handler,
    rules: readonly Rule[],
    metrics: TemplateMetrics,
    resolve: SetupContext['resolve'],
  ) {
    this.next = next;
    this.rules = rules;
    this.metrics = metrics;
    this.resolve = resolve;
  }

  ask(query: Query): Pending {
    let name = '';
    for (const rule of this.rules) {
      const zone = ruleZone(rule, query);
      if (zone === undefined) continue;
      if (rule.patterns.length > 0 && name === '') name = query.nameText;
      const pattern = firstMatch(rule.patterns, name);
      if (rule.patterns.length > 0 && pattern === undefined) {
        if (rule.fallthrough.through(query)) continue;
        return NO_MATCH;
      }
      return this.answer(query, rule, pattern, {
        server: query.server,
        zone,
        class: query.class === CLASS_ANY ? rule.class : query.class,
        type: query.type === TYPE_ANY ? rule.type : query.type,
      });
    }
    return this.next.ask(query);
  }

  private answer(query: Query, rule: Rule, pattern: Pattern | undefined, matched: Matched): Pending {
    this.metrics.countMatch(matched);
    if (rule.rcode === SERVFAIL) return compose(query, rule, [], []);
    const rendered = this.renderAll(query, rule, pattern, matched);
    if (!Array.isArray(rendered)) return rendered;
    const lookups = this.completions(query, rendered);
    if (lookups === undefined) return compose(query, rule, rendered, []);
    return Promise.all(lookups).then((outcomes) => compose(query, rule, rendered, outcomes));
  }

  private renderAll(
    query: Query,
    rule: Rule,
    pattern: Pattern | undefined,
    matched: Matched,
  ): Rendered[] | Failure {
    let data: TemplateData | undefined;
    const needData = (): TemplateData => (data ??= dataOf(query, pattern, matched));
    const rendered: Rendered[] = [];
    for (const template of rule.records) {
      try {
        const record = template.render(needData);
        if (record !== undefined) rendered.push({ section: template.section, record });
      } catch (cause) {
        return this.renderFailure(template, matched, cause);
      }
    }
    return rendered;
  }

  private renderFailure(template: RecordTemplate, matched: Matched, cause: unknown): Failure {
    const { sectionName, source } = template;
    if (cause instanceof NoRecordError) this.metrics.countRecordFailure(matched, sectionName, source);
    else this.metrics.countTemplateFailure(matched, sectionName, source);
    return new Failure(SERVFAIL, `${sectionName} "${source}": ${messageOf(cause)}`, NAME, {
      code: EDE_OTHER,
      text: 'a template failed',
    });
  }

  /** Lookups of what the aliases of an A or AAAA answer point to, at the places of the aliases; undefined where there is none. */
  private completions(
    query: Query,
    rendered: readonly Rendered[],
  ): Promise<Outcome | undefined>[] | undefined {
    if (query.type !== TYPE_A && query.type !== TYPE_AAAA) return undefined;
    if (!rendered.some(isAlias)) return undefined;
    return rendered.map((item) =>
      isAlias(item)
        ? this.resolve(query, { name: item.record.rdata, type: query.type, class: query.class })
        : Promise.resolve(undefined),
    );
  }
}

/** A template without a pattern sees what `.*` would have matched. */
function dataOf(query: Query, pattern: Pattern | undefined, matched: Matched): TemplateData {
  const name = query.nameText;
  return templateData(query, matched, pattern?.groups(name) ?? [name], pattern?.groupNames ?? NO_NAMES);
}

function firstMatch(patterns: readonly Pattern[], name: string): Pattern | undefined {
  for (const pattern of patterns) if (pattern.matches(name)) return pattern;
  return undefined;
}

const isAlias = ({ section, record }: Rendered): boolean =>
  section === SECTION_ANSWER && record.type === TYPE_CNAME;

/** @param completions what the record at the same place of `rendered` led to; a lookup that failed adds nothing. */
function compose(
  query: Query,
  rule: Rule,
  rendered: readonly Rendered[],
  completions: readonly (Outcome | undefined)[],
): Reply {
  // SERVFAIL says nothing about the zone, so nothing with authority.
  const authority = rule.rcode === SERVFAIL ? 0 : AA;
  const builder = new MessageBuilder(QR | authority | (rule.rcode & 0xf));
  builder.question(query.foldedName.subarray(0, query.nameLength), query.type, query.class);
  let truncated = false;
  rendered.forEach(({ section, record }, place) => {
    const { owner, type, class: klass, ttlSeconds, rdata } = record;
    builder.record(section, owner, type, klass, ttlSeconds, rdata);
    const completion = completions[place];
    if (completion?.kind !== REPLY) return;
    truncated ||= completion.truncated;
    appendAnswers(builder, completion);
  });
  const message = builder.finish().slice();
  if (truncated) writeFlags(message, readFlags(message) | TC);
  const reply = new Reply(message, NAME);
  // The header has room for four bits of it; the rest goes into the client's OPT.
  reply.rcode = rule.rcode;
  reply.extendedError = rule.extendedError;
  return reply;
}
