/**
 * A Corefile that is made of a template, the kube-dns ConfigMap and the environment, each time it is asked for: a source of text like a
 * file. What cannot be read stays as it was last good; what is wrong is said and counted once, and again when something else is. The text
 * is kept in the file that `-conf` names too, where that can be written, for people to look at; nothing reads it there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, messageOf } from '../../base/error-message.ts';
import type { Log } from '../../observe/log-types.ts';
import type { Counter, Metrics } from '../../observe/metric-types.ts';
import { KUBE_DNS_KEYS, NO_KUBE_DNS, readKubeDns } from '../kube-dns.ts';
import type { KubeDns } from '../kube-dns.ts';
import { renderTemplate } from '../render.ts';
import { serviceAddress } from '../service-address.ts';
import { stubBlocks } from '../stub-domains.ts';
import { readConfigMap } from './config-map.ts';
import { writeWhole } from './write-whole.ts';

export interface TemplateSettings {
  readonly baseCorefile: string;
  /** Undefined: `DEFAULT_KUBE_DNS_DIRECTORY`, when it is there. */
  readonly kubeDnsDirectory: string | undefined;
  readonly upstreamService: string;
  readonly clusterDomain: string | undefined;
  readonly prometheusAddress: string;
  readonly localAddresses: readonly string[];
  /** Of stub domains. */
  readonly dnsPort: number;
  /** Where the result is to be written; undefined for nowhere. */
  readonly output: string | undefined;
}

export interface TemplateSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The zones of these server blocks, as `zone:port`; none for a text that cannot be read. */
  readonly zonesOf: (file: string, text: string) => ReadonlySet<string>;
}

export const DEFAULT_KUBE_DNS_DIRECTORY = '/etc/kube-dns';

export class TemplatedCorefile {
  /** Stands in errors, and imports are relative to it, as if it were read there. */
  readonly file: string;
  readonly lenient = false;
  /** Where a change means that the text may be another one. */
  readonly directories: readonly string[];
  private readonly settings: TemplateSettings;
  private readonly surroundings: TemplateSurroundings;
  private readonly errors: Counter;
  private template: string | undefined;
  private kubeDns: KubeDns = NO_KUBE_DNS;
  private rendered: string | undefined;
  /** Where the upstream Service is, if not where the environment has it. */
  private movedTo: string | undefined;
  private faults: ReadonlySet<string> = new Set();
  private whyNotWritten = '';

  constructor(settings: TemplateSettings, surroundings: TemplateSurroundings) {
    const { baseCorefile, kubeDnsDirectory, output } = settings;
    this.settings = settings;
    this.surroundings = surroundings;
    this.file = output ?? baseCorefile;
    this.directories = [dirname(baseCorefile), kubeDnsDirectory ?? DEFAULT_KUBE_DNS_DIRECTORY];
    this.errors = surroundings.metrics
      .counter('coredns_nodecache_setup_errors_total', SETUP_HELP, ['errortype'])
      .with('configmap');
  }

  /** Where the upstream Service is, as far as is known; undefined for one that the environment does not have. */
  get serviceAddress(): string | undefined {
    return this.movedTo ?? serviceAddress(this.settings.upstreamService, this.surroundings.environment);
  }

  /** The upstream Service is elsewhere than the environment says: the text is another one from now on. */
  moveService(address: string): void {
    this.movedTo = address;
  }

  /**
   * As everything is now.
   *
   * @throws {Error} when there is no template yet, and when one of its variables has no value
   */
  text(): string {
    const { localAddresses, baseCorefile } = this.settings;
    const faults: string[] = [];
    const template = this.readTemplate(faults);
    this.readKubeDns(faults);
    const { text, warnings } = renderTemplate(template, {
      ...this.settings,
      file: baseCorefile,
      localAddresses,
      clusterDns: this.serviceAddress,
      upstreamServers: this.kubeDns.upstreamNameservers,
    });
    const stubDomains = this.withoutServed(text, faults);
    this.tell(faults, warnings);
    const whole = text + stubBlocks({ stubDomains, port: this.settings.dnsPort, localAddresses });
    if (whole !== this.rendered) this.take(whole, stubDomains);
    // A disk that was full may have room again.
    else if (this.whyNotWritten !== '') this.write(whole);
    return whole;
  }

  private readTemplate(faults: string[]): string {
    const { baseCorefile } = this.settings;
    try {
      this.template = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(baseCorefile));
    } catch (error) {
      const reason = codeOf(error) === 'ENOENT' ? 'no such file or directory' : messageOf(error);
      if (this.template === undefined) {
        throw new Error(`loading Corefile: open ${baseCorefile}: ${reason}`, { cause: error });
      }
      faults.push(`${baseCorefile} stays as it was: ${reason}`);
    }
    return this.template;
  }

  private readKubeDns(faults: string[]): void {
    const { kubeDnsDirectory } = this.settings;
    const directory = kubeDnsDirectory ?? DEFAULT_KUBE_DNS_DIRECTORY;
    if (kubeDnsDirectory === undefined && !existsSync(directory)) return;
    try {
      const reading = readKubeDns(readConfigMap(directory, KUBE_DNS_KEYS), this.kubeDns);
      this.kubeDns = reading.kubeDns;
      faults.push(...reading.faults);
    } catch (error) {
      faults.push(`the kube-dns ConfigMap stays as it was: ${messageOf(error)}`);
    }
  }

  /** A zone that the template serves is the template's. */
  private withoutServed(text: string, faults: string[]): KubeDns['stubDomains'] {
    const { stubDomains } = this.kubeDns;
    if (stubDomains.size === 0) return stubDomains;
    const served = this.surroundings.zonesOf(this.file, text);
    const isServed = (domain: string): boolean => served.has(`${domain}.:${this.settings.dnsPort}`);
    for (const domain of stubDomains.keys()) {
      if (isServed(domain)) {
        faults.push(
          `stub domain ${JSON.stringify(domain)} is left out: the template has a server block for it`,
        );
      }
    }
    return new Map([...stubDomains].filter(([domain]) => !isServed(domain)));
  }

  /** Each complaint once, as long as it holds. */
  private tell(faults: readonly string[], warnings: readonly string[]): void {
    const { log } = this.surroundings;
    for (const fault of faults) {
      if (this.faults.has(fault)) continue;
      this.errors.value++;
      log.error(fault);
    }
    for (const warning of warnings) if (!this.faults.has(warning)) log.warn(warning);
    if (this.faults.size > 0 && faults.length + warnings.length === 0) {
      log.info('nothing is wrong with template and kube-dns ConfigMap any more');
    }
    this.faults = new Set([...faults, ...warnings]);
  }

  private take(text: string, stubDomains: KubeDns['stubDomains']): void {
    const { log } = this.surroundings;
    const { baseCorefile } = this.settings;
    this.rendered = text;
    const domains = stubDomains.size === 0 ? '' : `, with stub domains ${[...stubDomains.keys()].join(' ')}`;
    const { upstreamNameservers } = this.kubeDns;
    const upstreams =
      upstreamNameservers.length === 0 ? '' : `, with upstreams ${upstreamNameservers.join(' ')}`;
    log.info(`Corefile made of ${baseCorefile}${domains}${upstreams}`);
    if (log.debugEnabled) for (const line of text.split('\n')) log.debug(`  ${line}`);
    this.write(text);
  }

  private write(text: string): void {
    const { output } = this.settings;
    if (output === undefined) return;
    try {
      writeWhole(output, text);
      this.whyNotWritten = '';
    } catch (error) {
      const [reason] = messageOf(error).split(',', 1);
      if (reason === this.whyNotWritten) return;
      this.whyNotWritten = reason;
      // Usual, and no harm: a server without privileges, on a file system that is read-only.
      this.surroundings.log.info(`${output} is served from memory, since it cannot be written: ${reason}`);
    }
  }
}

const SETUP_HELP = 'The number of errors during periodic network setup for node-cache';
