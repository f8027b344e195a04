import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readlink, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostsSource } from '../../../src/plugins/hosts/hosts-source.ts';
import type { HostsSourceOptions } from '../../../src/plugins/hosts/hosts-source.ts';
import { hostsMetrics } from '../../../src/plugins/hosts/metrics.ts';
import { nameKey } from '../../../src/plugins/hosts/name-key.ts';
import { FakeLog, FakeMetrics, zonesOf } from '../../support/setup-context.ts';

let directory: string;
let path: string;
let log: FakeLog;
let metrics: FakeMetrics;
const sources: HostsSource[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosts-'));
  path = join(directory, 'hosts');
  log = new FakeLog();
  log.debugEnabled = false;
  metrics = new FakeMetrics();
});

afterEach(async () => {
  vi.useRealTimers();
  for (const source of sources.splice(0)) source.stop();
  await rm(directory, { recursive: true });
});

const sourceOf = (overrides: Partial<HostsSourceOptions> = {}): HostsSource => {
  const options = {
    path,
    named: true,
    zones: zonesOf('.'),
    reverse: true,
    inline: '',
    reloadMs: 0,
    ...overrides,
  };
  const source = new HostsSource(options, log, hostsMetrics(metrics));
  sources.push(source);
  return source;
};

const find = (source: HostsSource, name: string): string[] | undefined =>
  source.loaded?.table.addressesOf(nameKey(name) ?? '')?.map((address) => address.text);

const warnings = (): string[] => log.lines.filter((line) => !line.startsWith('debug'));

describe('HostsSource at its start', () => {
  it('has the names of the file and behind them those of the Corefile', async () => {
    await writeFile(path, '192.0.2.1 a.test\n192.0.2.2 b.test');
    const source = sourceOf({ inline: '192.0.2.3 a.test\n192.0.2.4 c.test' });
    await source.start();
    expect(find(source, 'a.test')).toEqual(['192.0.2.1', '192.0.2.3']);
    expect(find(source, 'b.test')).toEqual(['192.0.2.2']);
    expect(find(source, 'c.test')).toEqual(['192.0.2.4']);
    expect(warnings()).toEqual([]);
  });

  it('answers from nothing before the file has been read', async () => {
    await writeFile(path, '192.0.2.1 a.test\n');
    const source = sourceOf({ inline: '192.0.2.3 b.test' });
    const starting = source.start();
    expect(source.loaded).toBeUndefined();
    await source.started;
    expect(find(source, 'a.test')).toEqual(['192.0.2.1']);
    await starting;
  });

  it('warns of a missing file and has the names of the Corefile', async () => {
    const source = sourceOf({ inline: '192.0.2.3 a.test' });
    await source.start();
    expect(find(source, 'a.test')).toEqual(['192.0.2.3']);
    expect(warnings()).toEqual([`warn File does not exist: ${path}`]);
    await source.look();
    expect(warnings()).toHaveLength(1);
  });

  it('says nothing of a missing file that the Corefile does not name', async () => {
    const source = sourceOf({ named: false });
    await source.start();
    await source.look();
    expect(source.loaded).toBeDefined();
    expect(warnings()).toEqual([]);
  });

  it('warns of a directory', async () => {
    await mkdir(path);
    await sourceOf().start();
    expect(warnings()).toEqual([`warn Hosts file "${path}" is a directory`]);
  });

  it('does not wait for somebody to write into a pipe', async () => {
    execFileSync('mkfifo', [path]);
    await sourceOf().start();
    expect(warnings()).toEqual([`warn Hosts file "${path}" is not a file`]);
  });

  it('takes /dev/null for an empty file', async () => {
    const source = sourceOf({ path: '/dev/null', inline: '192.0.2.3 a.test' });
    await source.start();
    expect(find(source, 'a.test')).toEqual(['192.0.2.3']);
    expect(warnings()).toEqual([]);
  });

  it('fails when the file cannot be read, whoever asks', async () => {
    // Page 0 of a process is not mapped, so the first read of its memory fails for root too.
    const unreadable = '/proc/self/mem';
    await expect(sourceOf({ path: unreadable }).start()).rejects.toThrow(
      `unable to access hosts file '${unreadable}': EIO`,
    );
  });

  it('fails when a part of the path is no directory', async () => {
    await writeFile(path, '');
    const below = join(path, 'hosts');
    await expect(sourceOf({ path: below }).start()).rejects.toThrow(
      `unable to access hosts file '${below}': ENOTDIR`,
    );
  });

  it('fails for a file that is too long, and for one that has no end', async () => {
    await writeFile(path, '192.0.2.1 a.test\n');
    await expect(sourceOf({ maxFileOctets: 16 }).start()).rejects.toThrow(
      `unable to access hosts file '${path}': it has more than 16 octets`,
    );
    await expect(sourceOf({ path: '/dev/zero' }).start()).rejects.toThrow(
      "unable to access hosts file '/dev/zero': line 1 is longer than 65536 characters",
    );
  });

  it('counts what it has, and says when the file had changed', async () => {
    await writeFile(path, '192.0.2.1 a.test b.test\n');
    await utimes(path, 1000, 1234.5);
    await sourceOf({ inline: '2001:db8::1 a.test' }).start();
    expect(metrics.value('coredns_hosts_entries', path)).toBe(6);
    expect(metrics.value('coredns_hosts_reload_timestamp_seconds')).toBe(1234.5);
  });
});

describe('HostsSource later', () => {
  it('reads a file again when its time or its size has changed, and not otherwise', async () => {
    await writeFile(path, '192.0.2.1 a.test\n');
    await utimes(path, 1000, 1000);
    const source = sourceOf();
    await source.start();
    const first = source.loaded;
    await source.look();
    expect(source.loaded).toBe(first);

    await writeFile(path, '192.0.2.2 a.test\n');
    await utimes(path, 1000, 2000);
    await source.look();
    expect(find(source, 'a.test')).toEqual(['192.0.2.2']);

    await writeFile(path, '192.0.2.22 a.test\n');
    await utimes(path, 1000, 2000);
    await source.look();
    expect(find(source, 'a.test')).toEqual(['192.0.2.22']);
    expect(metrics.value('coredns_hosts_reload_timestamp_seconds')).toBe(2000);
  });

  it('forgets the answers of the last file', async () => {
    await writeFile(path, '192.0.2.1 a.test\n');
    const source = sourceOf();
    await source.start();
    const { loaded } = source;
    await truncate(path, 0);
    await source.look();
    expect(source.loaded?.answers).not.toBe(loaded?.answers);
  });

  it('reads a file that comes to be', async () => {
    const source = sourceOf();
    await source.start();
    await writeFile(path, '192.0.2.1 a.test\n');
    await source.look();
    expect(find(source, 'a.test')).toEqual(['192.0.2.1']);
  });

  it('keeps the names of a file that vanishes, and says so once each time', async () => {
    await writeFile(path, '192.0.2.1 a.test\n');
    const source = sourceOf();
    await source.start();
    await rm(path);
    await source.look();
    await source.look();
    expect(find(source, 'a.test')).toEqual(['192.0.2.1']);
    const complaint = `warn File does not exist: ${path}; the entries read last are kept`;
    expect(warnings()).toEqual([complaint]);
    await writeFile(path, '192.0.2.2 a.test\n');
    await source.look();
    expect(find(source, 'a.test')).toEqual(['192.0.2.2']);
    await rm(path);
    await source.look();
    expect(warnings()).toEqual([complaint, complaint]);
  });

  it('keeps the names while the file is too long, and does not read that one again', async () => {
    await writeFile(path, '192.0.2.1 a.test\n');
    const source = sourceOf({ maxFileOctets: 100 });
    await source.start();
    await writeFile(path, '192.0.2.2 a.test\n'.repeat(10));
    await source.look();
    await source.look();
    expect(find(source, 'a.test')).toEqual(['192.0.2.1']);
    expect(warnings()).toEqual([
      `warn unable to access hosts file '${path}': it has more than 100 octets; the entries read last are kept`,
    ]);
  });

  it('looks once in every period until it is stopped', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await writeFile(path, '192.0.2.1 a.test\n');
    const source = sourceOf({ reloadMs: 5000 });
    await source.start();
    await writeFile(path, '192.0.2.222 a.test\n');
    vi.advanceTimersByTime(4999);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    await vi.waitFor(() => expect(find(source, 'a.test')).toEqual(['192.0.2.222']));
    source.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never looks again with a period of 0', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await writeFile(path, '');
    await sourceOf({ reloadMs: 0 }).start();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts no timer when it was stopped while it read the file', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await writeFile(path, '192.0.2.1 a.test\n');
    const source = sourceOf({ reloadMs: 5000 });
    const starting = source.start();
    source.stop();
    await starting;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('closes the file after each look', async () => {
    await writeFile(path, '192.0.2.1 a.test\n');
    const source = sourceOf({ maxFileOctets: 20 });
    await source.start();
    await source.look();
    await writeFile(path, '192.0.2.1 a.test\n'.repeat(2));
    await source.look();
    const links = await readdir('/proc/self/fd').then((fds) =>
      Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))),
    );
    expect(links).not.toContain(path);
  });
});
