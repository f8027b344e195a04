/** `serve` with a template and a kube-dns ConfigMap, both as the kubelet mounts them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeVolume } from '../../pillar/files/kubelet-volume.ts';
import { startChild } from '../../support/child.ts';
import type { Child } from '../../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../../support/daemon.ts';
import { tempDirectory } from '../../support/temp-file.ts';

export interface TemplateDaemonOptions {
  readonly template: string;
  readonly kubeDns?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Not started yet. */
export class TemplateDaemon {
  readonly directory = tempDirectory();
  readonly base = join(this.directory, 'coredns', 'Corefile.base');
  readonly output = join(this.directory, 'Corefile');
  private readonly options: TemplateDaemonOptions;

  constructor(options: TemplateDaemonOptions) {
    this.options = options;
    this.setTemplate(options.template);
    this.setKubeDns(options.kubeDns ?? {});
  }

  setTemplate(template: string): void {
    writeVolume(join(this.directory, 'coredns'), { 'Corefile.base': template });
  }

  setKubeDns(data: Readonly<Record<string, string>>): void {
    writeVolume(join(this.directory, 'kube-dns'), data);
  }

  written(): string {
    return readFileSync(this.output, 'utf8');
  }

  /** What starts it, from the root of the repository. */
  get command(): readonly string[] {
    const { args = [] } = this.options;
    const files = ['-basecorefile', this.base, '-kubednscm', join(this.directory, 'kube-dns')];
    return [process.execPath, 'src/main.ts', 'serve', ...files, '-conf', this.output, ...args];
  }

  /** Ends with the test. */
  launch(): Child {
    const { env = {} } = this.options;
    return startChild({ command: this.command, cwd: REPOSITORY_ROOT, env });
  }

  async start(): Promise<Child> {
    const child = this.launch();
    await child.waitForLine(READY_PATTERN);
    return child;
  }
}
