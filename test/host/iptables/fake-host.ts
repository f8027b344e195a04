/** A host as the code under test sees it: answers to commands by their text, files below /proc, and a record of what was asked. */
import { readlinkSync } from 'node:fs';
import { HostError } from '../../../src/host/host-error.ts';
import type { NamespaceFiles } from '../../../src/host/iptables/namespace-files.ts';
import type { RunTool, ToolResult } from '../../../src/host/run-tool.ts';

export type Answer = string | Partial<ToolResult>;

export interface FakeHost {
  readonly run: RunTool;
  /** Commands as they would be typed. */
  readonly asked: string[];
  /** Standard inputs of restore calls. */
  readonly restored: string[];
}

/** Commands without an answer are not installed. */
export function fakeHost(answers: Readonly<Record<string, Answer>>): FakeHost {
  const asked: string[] = [];
  const restored: string[] = [];
  const known: Readonly<Record<string, Answer>> = {
    'readlink /proc/self/ns/net': readlinkSync('/proc/self/ns/net'),
    ...answers,
  };
  const run: RunTool = async (about, { command, args, stdin }) => {
    const line = [command, ...args].join(' ');
    asked.push(line);
    const answer = known[line] ?? known[command];
    if (answer === undefined)
      throw new HostError(about, 'tool', `${command} is not installed, or not in PATH`);
    if (stdin !== undefined) restored.push(stdin);
    const result = typeof answer === 'string' ? { stdout: answer } : answer;
    return { code: 0, stdout: '', stderr: '', ...result };
  };
  return { run, asked, restored };
}

/** Files that can be read and written, and what was written. */
export function fakeFiles(
  contents: Readonly<Record<string, string>>,
): NamespaceFiles & { written: string[] } {
  const written: string[] = [];
  return {
    written,
    read: async (path) => contents[path],
    write: async (writes) => {
      written.push(...writes.map(({ path, text }) => `${text} > ${path}`));
      return writes.every(({ path }) => path in contents);
    },
  };
}
