/** `check --explain` says what a Corefile means, and what is legal in it and wrong; `serve` says the same of what is wrong, once. */
import { expect, it } from 'vitest';
import { DEPLOYED_TEMPLATE } from '../pillar/node-cache-manifest.ts';
import { startChild } from '../support/child.ts';
import { REPOSITORY_ROOT, runCli, startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { tempFile } from '../support/temp-file.ts';

/** Legal, and a loop with denials that outlive answers. */
const WRONG = `Example.org:5300 {
  bind 127.0.0.1
  cache {
    success 9984 30
  }
  forward . 127.0.0.1:5300
}
`;

it('explains the default Corefile of node-cache', async () => {
  const resolvConf = tempFile('nameserver 192.0.2.53\nnameserver 192.0.2.54\n', 'resolv.conf');
  const corefile = tempFile(
    DEPLOYED_TEMPLATE.replace('__PILLAR__UPSTREAM__SERVERS__', resolvConf),
    'Corefile.base',
  );
  const args = ['-upstreamsvc', 'kube-dns-upstream', '-localip', '169.254.20.10,10.96.0.10'];
  const env = { KUBE_DNS_UPSTREAM_SERVICE_HOST: '10.96.7.7' };
  const { code, stdout, stderr } = await runCli(['check', '--explain', ...args, corefile], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [verdict, cluster, inAddr, ip6, others, daemon] = stdout.split('\n\n');
  expect(verdict).toBe(`${corefile}: ok`);
  expect(cluster).toBe(
    `server block at ${corefile}:1
  serves    cluster.local.
  listens   169.254.20.10:53, 10.96.0.10:53
  asks      10.96.7.7:53, over TCP (line 10)
  caches    answers for 5s to 30s, at most 9984 entries; denials for 5s, at most 9984 entries
            SERVFAIL for 5s
  with      errors; loop
  order     prometheus > errors > cache > loop > forward`,
  );
  expect(inAddr).toMatch(/^ {2}serves {4}in-addr\.arpa\.$/m);
  expect(ip6).toMatch(/^ {2}serves {4}ip6\.arpa\.$/m);
  expect(others).toMatch(/^ {2}serves {4}\. \(every other name\)$/m);
  expect(others).toContain(
    `  asks      192.0.2.53:53, 192.0.2.54:53, from ${resolvConf}, over what the client came by, random order (line 44)\n`,
  );
  expect(daemon).toBe(`the whole daemon
  pages     169.254.20.10:8080/health :9253/metrics
  reloads   every 30s, give or take 7.5s
  memory    all caches together stay within --cache-memory, whatever their entries add up to
`);
});

it('warns without changing the exit code', async () => {
  const file = tempFile(WRONG);
  const { code, stdout, stderr } = await runCli(['check', file]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: ok\n` });
  const lines = stderr.trimEnd().split('\n');
  expect(lines.map((line) => line.slice(0, line.indexOf(' ', `[WARNING] ${file}:9: `.length)))).toEqual([
    `[WARNING] ${file}:6: a`,
    `[WARNING] ${file}:3: denials`,
    `[WARNING] ${file}:1: Example.org:5300`,
  ]);
});

it('gives one object with everything as JSON', async () => {
  const file = tempFile(WRONG);
  const { code, stdout, stderr } = await runCli(['check', '--explain', '--json', file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const object = JSON.parse(stdout) as Record<string, unknown>;
  expect(object).toMatchObject({
    file,
    ok: true,
    error: null,
    warnings: [
      { code: 'loop', place: `${file}:6` },
      { code: 'denial-ttl', place: `${file}:3` },
      { code: 'upper-case-zone', place: `${file}:1` },
    ],
    explanation: {
      blocks: [
        {
          place: `${file}:1`,
          keys: ['Example.org:5300'],
          zones: [{ zone: 'example.org.', port: 5300 }],
          listens: [{ address: '127.0.0.1', port: 5300 }],
          handlers: ['cache', 'forward'],
          forward: [{ from: '.', upstreams: [{ protocol: 'dns', host: '127.0.0.1', port: 5300 }] }],
          cache: {
            success: { capacity: 9984, minTtlSeconds: 5, maxTtlSeconds: 30 },
            denial: { capacity: 10_000, minTtlSeconds: 5, maxTtlSeconds: 1800 },
          },
        },
      ],
      pages: [],
      reload: null,
    },
  });
});

it('ends quietly when nobody reads to the end', async () => {
  const files = `"${tempFile(WRONG)}" `.repeat(200);
  const check = `"${process.execPath}" src/main.ts check --explain --json ${files}`;
  const command = `${check} | head -1 > /dev/null; echo "\${PIPESTATUS[0]}"`;
  const child = startChild({ command: ['bash', '-c', command], cwd: REPOSITORY_ROOT });
  await child.ended;
  expect(child.lines()).toEqual(['0']);
});

it('has no explanation for a Corefile that does not load', async () => {
  const file = tempFile('. {\n  cache 0\n}\n');
  const { code, stdout } = await runCli(['check', '--explain', '--json', file]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, warnings: [], explanation: null });
});

it('has its warnings said at the start of serve, and not again as long as they hold', async () => {
  const port = await freePort();
  const block = (...lines: readonly string[]): string =>
    `.:${port} {\n  log . "{name} {$NODELOCALDNS_TEST_UNSET}"\n  cache {\n    success 9984 30\n  }\n  bind 127.0.0.1\n${lines.join('\n')}\n}\n`;
  const daemon = await startDaemon({ corefile: block('  forward . 192.0.2.1') });
  await daemon.waitForLine(/^\[WARNING\] .*:3: denials are kept for up to 30m0s/);
  const reloaded = daemon.waitForNextLine(/^\[WARNING\] .*:7: .* is the stub of systemd-resolved/);
  daemon.reload(block('  forward . 127.0.0.53'));
  daemon.signal('SIGUSR1');
  await reloaded;
  for (const text of ['denials are kept', 'NODELOCALDNS_TEST_UNSET is not set']) {
    expect(daemon.lines().filter((line) => line.includes(text))).toHaveLength(1);
  }
});
