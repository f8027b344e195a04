import { describe, expect, it } from 'vitest';
import { readTapOptions } from '../../../src/plugins/dnstap/options.ts';
import type { TapOptions } from '../../../src/plugins/dnstap/options.ts';
import { dnstap } from '../../../src/plugins/dnstap/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import { tempFile } from '../../support/temp-file.ts';

interface Read {
  readonly options: TapOptions;
  readonly said: readonly string[];
}

function read(corefile: string): Read {
  const context = fakeContext();
  const cursor = cursorOf(corefile);
  cursor.next();
  return { options: readTapOptions(cursor, context.log), said: context.logLines };
}

const DEFAULTS = {
  listens: false,
  tls: undefined,
  full: false,
  writeBufferMiB: 1,
  queueTenThousands: 1,
  identity: undefined,
  version: undefined,
  extra: '',
  skipVerify: false,
};
const unix = (path: string): TapOptions['endpoint'] => ({ kind: 'unix', path });
const remote = (kind: 'tcp' | 'tls', host: string, port: number): TapOptions['endpoint'] => ({
  kind,
  host,
  port,
});

describe('a dnstap line', () => {
  it.each<[string, Partial<TapOptions>]>([
    ['dnstap /tmp/dnstap.sock', { endpoint: unix('/tmp/dnstap.sock') }],
    ['dnstap dnstap.sock', { endpoint: unix('dnstap.sock') }],
    ['dnstap unix:///tmp/dnstap.sock full', { endpoint: unix('/tmp/dnstap.sock'), full: true }],
    ['dnstap udp://127.0.0.1:1', { endpoint: unix('udp://127.0.0.1:1') }],
    ['dnstap tcp://127.0.0.1:6000', { endpoint: remote('tcp', '127.0.0.1', 6000) }],
    ['dnstap tcp://[::1]:6000', { endpoint: remote('tcp', '::1', 6000) }],
    ['dnstap tcp://example.com:6000/path full', { endpoint: remote('tcp', 'example.com', 6000), full: true }],
    [
      'dnstap tls://example.com:6000 {\nskipverify\n}',
      { endpoint: remote('tls', 'example.com', 6000), skipVerify: true },
    ],
    ['dnstap a full 1024 4096', { full: true, writeBufferMiB: 1024, queueTenThousands: 4096 }],
    ['dnstap a full 2', { full: true, writeBufferMiB: 2 }],
    [
      'dnstap a {\nidentity ME\nversion "MINE 1"\nextra "{name} {rcode}"\n}',
      { identity: 'ME', version: 'MINE 1', extra: '{name} {rcode}' },
    ],
    ['dnstap a {\nidentity ""\nversion ""\n}', { identity: '', version: '' }],
  ])('is read: %s', (corefile, expected) => {
    const { options, said } = read(corefile);
    const label = corefile.split(' ')[1];
    expect(options).toEqual({ ...DEFAULTS, label, endpoint: unix(label), ...expected });
    expect(said).toEqual([]);
  });

  it.each([
    ['dnstap a part', "'part' is not 'full' and has no effect"],
    ['dnstap a full 1 1 more', "'more' has no effect"],
  ])('says what it ignores, as CoreDNS ignores it: %s', (corefile, message) => {
    expect(read(corefile).said).toEqual([`warn Corefile:1: ${message}`]);
  });

  it.each([
    ['no socket', 'dnstap', "Wrong argument count or unexpected line ending after 'dnstap'"],
    [
      'a block only',
      'dnstap {\nidentity a\n}',
      "Wrong argument count or unexpected line ending after 'dnstap'",
    ],
    ['no path', 'dnstap unix://', "no path in 'unix://'"],
    ['no port', 'dnstap tcp://127.0.0.1', 'address 127.0.0.1: missing port in address'],
    ['a port that is none', 'dnstap tls://a:70000', 'address 70000: invalid port'],
    ['an address without brackets', 'dnstap tcp://::1:53', 'address ::1:53: too many colons in address'],
    [
      'a write buffer of nothing',
      'dnstap a full 0 10',
      'dnstap: MultipleTcpWriteBuf must be between 1 and 1024 (MiB units): 0',
    ],
    [
      'too large a write buffer',
      'dnstap a full 1025 1',
      'dnstap: MultipleTcpWriteBuf must be between 1 and 1024 (MiB units): 1025',
    ],
    [
      'a write buffer that is no number',
      'dnstap a full x 10',
      'dnstap: invalid MultipleTcpWriteBuf "x": strconv.Atoi: parsing "x": invalid syntax',
    ],
    [
      'too long a queue',
      'dnstap a full 1 4097',
      'dnstap: MultipleQueue must be between 1 and 4096 (x10k messages): 4097',
    ],
    [
      'a queue that is no number',
      'dnstap a full 10 y',
      'dnstap: invalid MultipleQueue "y": strconv.Atoi: parsing "y": invalid syntax',
    ],
    ['an identity without a name', 'dnstap a {\nidentity\n}', "line ending after 'identity'"],
    ['a version without a name', 'dnstap a {\nversion\n}', "line ending after 'version'"],
    ['an extra without a text', 'dnstap a {\nextra\n}', "line ending after 'extra'"],
    ['two identities', 'dnstap a {\nidentity b c\n}', "line ending after 'c'"],
    [
      'another property',
      'dnstap a {\nidentitiy b\n}',
      "Corefile:2 - Error during parsing: unknown property 'identitiy'",
    ],
    ['listening nowhere', 'dnstap listen', 'dnstap listen requires an endpoint argument'],
    [
      'listening with TLS and no certificate',
      'dnstap listen tls://:1',
      'TLS listener requires cert and key files',
    ],
    [
      'a certificate without a key',
      'dnstap listen tls://:1 {\ntls a\n}',
      'tls requires cert and key file paths',
    ],
    ['a certificate that is not there', 'dnstap listen tls://:1 {\ntls /nowhere /b\n}', 'ENOENT'],
    [
      'a certificate of who does not listen',
      'dnstap tls://a:1 {\ntls a b\n}',
      'tls directive only valid for listeners',
    ],
    ['a fourth file', 'dnstap listen tls://:1 {\ntls FILE FILE FILE more\n}', "line ending after 'more'"],
  ])('is refused: %s', (_name, corefile, message) => {
    expect(() => read(corefile.replaceAll('FILE', import.meta.filename))).toThrow(message);
  });
});

describe('a dnstap line that listens', () => {
  it('says where, and what else lines say', () => {
    const { options } = read('dnstap listen tcp://127.0.0.1:6000 full 2 3');
    expect(options).toEqual({
      ...DEFAULTS,
      label: 'tcp://127.0.0.1:6000',
      endpoint: remote('tcp', '127.0.0.1', 6000),
      listens: true,
      full: true,
      writeBufferMiB: 2,
      queueTenThousands: 3,
    });
  });

  it('reads its certificate, and whose readers’ certificates it takes', () => {
    const [cert, key, ca] = ['cert', 'key', 'ca'].map((text) => tempFile(text));
    const { options } = read(`dnstap listen tls://:6000 {\ntls ${cert} ${key} ${ca}\n}`);
    expect(options.tls).toEqual({
      cert: Buffer.from('cert'),
      key: Buffer.from('key'),
      ca: Buffer.from('ca'),
    });
    expect(read(`dnstap listen tls://:6000 {\ntls ${cert} ${key}\n}`).options.tls?.ca).toBeUndefined();
  });
});

describe('the setup of dnstap', () => {
  it('reads every line of the block', () => {
    expect(() => dnstap.setup(cursorOf('dnstap a\ndnstap b full\ndnstap tcp://c'), fakeContext())).toThrow(
      'Corefile:3',
    );
  });

  it('does not listen in several processes', () => {
    const context = fakeContext();
    context.settings.workers = 2;
    expect(() => dnstap.setup(cursorOf('dnstap a\ndnstap listen b'), context)).toThrow(
      'dnstap listen and multisocket exclude each other',
    );
    expect(dnstap.setup(cursorOf('dnstap a'), context)).toBeDefined();
  });

  it('lets plugins that ask others be watched', () => {
    const context = fakeContext();
    expect(context.settings.exchangeObserver).toBeUndefined();
    dnstap.setup(cursorOf('dnstap a'), context);
    expect(context.settings.exchangeObserver).toBeDefined();
  });
});
