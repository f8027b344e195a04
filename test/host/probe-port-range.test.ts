import { expect, it } from 'vitest';
import { probePortWeakness } from '../../src/host/probe-port-range.ts';
import { tempFile } from '../support/temp-file.ts';

const weakness = (range: string, reserved = '\n'): string | undefined =>
  probePortWeakness({ range: tempFile(range), reserved: tempFile(reserved) });

it.each([
  { name: 'Linux’s own range', range: '32768\t60999\n' },
  { name: 'all ports, ours reserved', range: '1024\t65535\n', reserved: '32704-32767\n' },
  { name: 'all ports, ours reserved among others', range: '1024\t65535\n', reserved: '8080,30000-32767\n' },
])('has nothing to say of $name', ({ range, reserved }) => {
  expect(weakness(range, reserved)).toBeUndefined();
});

it.each([
  { name: 'all ports', range: '1024\t65535\n' },
  { name: 'one of ours', range: '32767\t60999\n' },
  { name: 'ours but for those that are reserved', range: '1024\t65535\n', reserved: '32704,32706-32767\n' },
])('says what to do where the host gives out $name', ({ range, reserved }) => {
  expect(weakness(range, reserved)).toMatch(/set net\.ipv4\.ip_local_reserved_ports=32704-32767$/);
});

it('has nothing to say where nothing can be read', () => {
  expect(probePortWeakness({ range: '/nowhere', reserved: '/nowhere' })).toBeUndefined();
});
