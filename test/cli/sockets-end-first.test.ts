/** What comes first of two things when a process is killed: that its sockets are closed, or that its memory is free. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holderPid } from '../support/child-pids.ts';
import { eventually } from '../support/eventually.ts';
import { statusField } from '../support/status-field.ts';

const MEMORY_MIB = 512;
/** A busy machine takes its time to fill and to free that memory. */
const TIMEOUT_MS = 60_000;

const PROGRAM = `
import { createSocket } from 'node:dgram';
import { endSocketsFirst } from ${JSON.stringify(new URL('../../src/cli/sockets-end-first.ts', import.meta.url).href)};
const can = await endSocketsFirst();
globalThis.kept = Buffer.alloc(${MEMORY_MIB} * 1024 * 1024, 1);
const socket = createSocket('udp4').bind(0, '127.0.0.1', () => console.log(can, socket.address().port));
setInterval(() => undefined, 1000);
`;

const isUdpPortOpen = (port: number): boolean =>
  readFileSync('/proc/net/udp', 'latin1').includes(
    `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `,
  );

describe('endSocketsFirst', { timeout: TIMEOUT_MS }, () => {
  it('has the sockets of a killed process closed while nobody has freed its memory', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const [can, port] = line.split(' ');
    expect(can).toBe('true');
    expect(isUdpPortOpen(Number(port))).toBe(true);
    // Whoever holds the memory cannot let go of it, so that what follows does not depend on who is faster.
    const holder = holderPid(child.pid ?? 0);
    process.kill(holder, 'SIGSTOP');
    onTestFinished(() => void (existsSync(`/proc/${holder}`) && process.kill(holder, 'SIGKILL')));
    await eventually(() => statusField(holder, 'State').startsWith('T'));
    child.kill('SIGKILL');
    await eventually(() => !isUdpPortOpen(Number(port)));
    expect(statusField(holder, 'State')).toMatch(/^T/);
    expect(Number.parseInt(statusField(holder, 'VmRSS'), 10) / 1024).toBeGreaterThan(MEMORY_MIB);
    process.kill(holder, 'SIGCONT');
    await eventually(() => /^(?:Z|$)/.test(statusField(holder, 'State')));
  });
});
