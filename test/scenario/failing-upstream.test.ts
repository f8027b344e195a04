/** An upstream that is not there costs a client as little as can be: the next one is asked, or the failure is told in time and with a reason. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import type { DigResult } from '../support/dig.ts';
import { freePort } from '../support/free-port.ts';
import { drop, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { requireTools } from '../support/tools.ts';

const { available, reason } = requireTools('dig');

/** dig's default for one attempt, and that of most stub resolvers. */
const CLIENT_PATIENCE_MS = 5_000;
const ANSWER = reply({ answers: ['@ 30 IN A 192.0.2.1'] });

async function startUpstream(script: Script): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(script);
  onTestFinished(() => upstream.close());
  return upstream;
}

interface Resolver {
  readonly daemon: Daemon;
  readonly ask: (...words: string[]) => Promise<DigResult>;
}

async function startResolver(upstreamPorts: readonly number[], options = ''): Promise<Resolver> {
  const port = await freePort();
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      errors
      cache
      forward . ${upstreamPorts.map((upstream) => `127.0.0.1:${upstream}`).join(' ')} {
        policy sequential
        ${options}
      }
    }
`,
  });
  return {
    daemon,
    ask: (...words) => dig(['@127.0.0.1', '-p', String(port), '+tries=1', '+timeout=8', ...words]),
  };
}

describe.skipIf(!available)(`an upstream that fails ${reason}`, () => {
  it('is told of while the client still waits, when it never answers', async () => {
    const silent = await Promise.all([startUpstream(() => drop()), startUpstream(() => drop())]);
    const { daemon, ask } = await startResolver(silent.map(({ port }) => port));
    const { status, edns, timeMs } = await ask('example.org');
    expect(status).toBe('SERVFAIL');
    expect(edns?.extendedError).toEqual({ code: 22, text: 'upstream: timeout' });
    expect(timeMs).toBeLessThan(CLIENT_PATIENCE_MS);
    for (const { queries } of silent) expect(queries).not.toEqual([]);
    expect(daemon.lines().at(-1)).toMatch(
      new RegExp(
        String.raw`^\[ERROR\] plugin/errors: 2 example\.org\. A: read udp 127\.0\.0\.1:\d+->127\.0\.0\.1:(?:${silent.map(({ port }) => port).join('|')}): i/o timeout$`,
      ),
    );
  });

  it('is followed by the next one, when it never answers', async () => {
    const silent = await startUpstream(() => drop());
    const good = await startUpstream(() => ANSWER);
    const { ask } = await startResolver([silent.port, good.port], 'read_timeout 150ms');
    expect((await ask('example.org')).answer).toEqual(['example.org. 30 IN A 192.0.2.1']);
    expect(silent.queries[0]).toMatchObject({ name: 'example.org.' });
    expect(good.queries).toHaveLength(1);
  });

  it.each([
    ['over UDP', ''],
    ['over TCP', 'force_tcp'],
  ])('is followed by the next one at once, when nobody listens there %s', async (_, options) => {
    const closed = await freePort();
    const good = await startUpstream(() => ANSWER);
    const { ask } = await startResolver([closed, good.port], options);
    const { answer, timeMs } = await ask('example.org');
    expect(answer).toEqual(['example.org. 30 IN A 192.0.2.1']);
    // No timeout of an attempt (2 s) is in it.
    expect(timeMs).toBeLessThan(1_500);
  });

  it.each([
    ['over UDP', '', 'udp'],
    ['over TCP', 'force_tcp', 'tcp'],
  ])('is told of at once, when nobody listens anywhere %s', async (_, options, network) => {
    const ports = [await freePort(), await freePort()];
    const { daemon, ask } = await startResolver(ports, options);
    const { status, edns, timeMs } = await ask('example.org');
    expect(status).toBe('SERVFAIL');
    expect(edns?.extendedError).toEqual({ code: 23, text: expect.stringMatching(/^upstream: /) });
    expect(timeMs).toBeLessThan(1_500);
    await daemon.waitForLine(
      new RegExp(
        String.raw`plugin/errors: 2 example\.org\. A: .* ${network} .*127\.0\.0\.1:(?:${ports.join('|')}): .*connection refused$`,
      ),
    );
    // What could not be asked is not known either way.
    const again = await ask('+noedns', 'example.org');
    expect(again).toMatchObject({ status: 'SERVFAIL', edns: undefined });
  });
});
