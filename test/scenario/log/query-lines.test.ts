/** The lines of `log`, octet for octet as CoreDNS writes them: every placeholder, both named formats, every class. */
import { expect, it, onTestFinished } from 'vitest';
import { AD, CD, RD } from '../../../src/wire/header.ts';
import { startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { rawQuery } from '../../support/raw-message.ts';
import type { RawQuery } from '../../support/raw-message.ts';
import { closeConnection, reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import type { ScriptedAction } from '../../support/scripted-upstream.ts';
import { TcpClient, framed } from '../../support/tcp-client.ts';
import { UdpClient } from '../../support/udp-client.ts';

const SOA = '@ 30 IN SOA ns.test. root.test. 1 1 1 1 30';

/** What the cluster DNS makes of a name, by its first label. */
const ANSWERS: Readonly<Record<string, () => ScriptedAction>> = {
  www: () => reply({ answers: ['@ 30 IN A 192.0.2.1'] }),
  sure: () => reply({ answers: ['@ 30 IN A 192.0.2.1'], authoritative: true, authenticData: true }),
  delegated: () => reply({ authority: ['@ 30 IN NS ns.elsewhere.test.'] }),
  nobody: () => reply({ rcode: 'NXDOMAIN', authority: [SOA] }),
  nobodyknows: () => reply({ rcode: 'NXDOMAIN' }),
  empty: () => reply({ authority: [SOA] }),
  servfail: () => reply({ rcode: 'SERVFAIL' }),
  refused: () => reply({ rcode: 'REFUSED' }),
  formerr: () => reply({ rcode: 'FORMERR' }),
  gone: () => closeConnection(),
};

interface Logging {
  readonly daemon: Daemon;
  readonly port: number;
}

async function startLogging(rules: string): Promise<Logging> {
  const upstream = await startScriptedUpstream(({ name }) => {
    const [label] = name.toLowerCase().split('.');
    return ANSWERS[label]?.() ?? reply({ rcode: 'NXDOMAIN', authority: [SOA] });
  });
  onTestFinished(() => upstream.close());
  const port = await freePort();
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1 ::1
      ${rules}
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
        max_fails 0
      }
    }
`,
  });
  return { daemon, port };
}

interface Asked extends RawQuery {
  readonly over?: 'udp' | 'tcp';
  readonly host?: string;
}

/** @returns the port that the question came from */
async function ask(port: number, { over = 'udp', host = '127.0.0.1', ...query }: Asked): Promise<number> {
  const octets = rawQuery(query);
  if (over === 'udp') {
    const client = await UdpClient.open({ host, port });
    await client.ask(octets);
    return client.port;
  }
  const connection = await TcpClient.open({ host, port });
  connection.write(framed(octets));
  await connection.waitForMessages(1);
  return connection.port;
}

/** The first line about this question, without its duration, which has to look like one. */
async function lineAbout(daemon: Daemon, pattern: RegExp): Promise<string> {
  const line = await daemon.waitForLine(pattern);
  expect(line).toMatch(/ \d+(?:\.\d{1,9})?s(?:$|[ >])/);
  return line.replaceAll(/ \d+(?:\.\d{1,9})?s(?=$|[ >])/g, ' TOOK');
}

const ALL =
  '{type} {class} {name} {proto} {size} {remote} {port} {local} {>id} {>opcode} {>do} {>bufsize} ' +
  '{rcode} {>rflags} {rsize} {/forward/upstream} {unknown} {Type} {duration}';

const RD_AD_CD = RD | AD | CD;

it.each<[string, Asked, (port: number) => string]>([
  [
    'over UDP, in capitals',
    { name: 'WWW.place.TEST', id: 7 },
    (port) => `A IN www.place.test. udp 32 127.0.0.1 ${port} 127.0.0.1 7 0 false 512 NOERROR qr,rd,ra 48`,
  ],
  [
    'over TCP, with an OPT and DO',
    { name: 'www.place.test', id: 8, over: 'tcp', edns: { dnssecOk: true, udpSize: 4096 } },
    (port) => `A IN www.place.test. tcp 43 127.0.0.1 ${port} 127.0.0.1 8 0 true 65535 NOERROR qr,rd,ra 48`,
  ],
  [
    'over IPv6, with an OPT that takes 1400 octets',
    { name: 'www.place.test', id: 65_535, host: '::1', edns: { udpSize: 1400 } },
    (port) => `A IN www.place.test. udp 43 [::1] ${port} [::1] 65535 0 false 1400 NOERROR qr,rd,ra 48`,
  ],
  [
    'with an OPT that takes less than every client does',
    { name: 'www.place.test', id: 9, edns: { udpSize: 100 } },
    (port) => `A IN www.place.test. udp 43 127.0.0.1 ${port} 127.0.0.1 9 0 false 512 NOERROR qr,rd,ra 48`,
  ],
  [
    'with AD and CD, for an answer that is sure',
    { name: 'sure.place.test', id: 10, flags: RD_AD_CD },
    (port) =>
      `A IN sure.place.test. udp 33 127.0.0.1 ${port} 127.0.0.1 10 0 false 512 NOERROR qr,aa,rd,ra,ad,cd 49`,
  ],
  [
    'without RD, of a type that has no name',
    { name: 'nobodyknows.test', id: 11, type: 'TYPE65300', flags: 0 },
    (port) =>
      `TYPE65300 IN nobodyknows.test. udp 34 127.0.0.1 ${port} 127.0.0.1 11 0 false 512 NXDOMAIN qr,ra 34`,
  ],
  [
    'of another class',
    { name: 'servfail.test', id: 12, type: 'TXT', class: 'CH' },
    (port) => `TXT CH servfail.test. udp 31 127.0.0.1 ${port} 127.0.0.1 12 0 false 512 SERVFAIL qr,rd,ra 31`,
  ],
  [
    'that ends without an answer',
    { name: 'gone.test', id: 13 },
    (port) => `A IN gone.test. udp 27 127.0.0.1 ${port} 127.0.0.1 13 0 false 512 SERVFAIL qr,rd,ra 27`,
  ],
])('shows every placeholder of a question %s', async (_name, asked, expected) => {
  const { daemon, port } = await startLogging(`log . "<${ALL}>"`);
  const from = await ask(port, asked);
  expect(await lineAbout(daemon, /^\[INFO\] </)).toBe(`[INFO] <${expected(from)} - {unknown} {Type} TOOK>`);
});

const common = (from: number, zone: string, octets: number): string =>
  `127.0.0.1:${from} - 5 "A IN www.${zone}. udp ${octets} false 512" NOERROR qr,rd,ra ${octets + 16} TOOK`;

it('has both named formats, alone and within others', async () => {
  const { daemon, port } = await startLogging(`log common.test
      log combined.test "{combined}"
      log both.test "a {common} b {combined} c"
      log spelled.test "{common}"`);
  const asked = async (zone: string): Promise<[from: number, line: string]> => {
    const from = await ask(port, { name: `www.${zone}`, id: 5 });
    return [from, await lineAbout(daemon, new RegExp(`www\\.${zone}\\.`))];
  };
  const [fromCommon, ofCommon] = await asked('common.test');
  expect(ofCommon).toBe(`[INFO] ${common(fromCommon, 'common.test', 33)}`);
  const [fromCombined, ofCombined] = await asked('combined.test');
  expect(ofCombined).toBe(`[INFO] ${common(fromCombined, 'combined.test', 35)} "0"`);
  const [fromBoth, ofBoth] = await asked('both.test');
  const inBoth = common(fromBoth, 'both.test', 31);
  expect(ofBoth).toBe(`[INFO] a ${inBoth} b ${inBoth} "0" c`);
  const [fromSpelled, ofSpelled] = await asked('spelled.test');
  expect(ofSpelled).toBe(`[INFO] ${common(fromSpelled, 'spelled.test', 34)}`);
});

const KINDS = Object.keys(ANSWERS);
const SUCCESS = ['www', 'sure', 'delegated'];
const DENIAL = ['nobody', 'nobodyknows', 'empty'];
const ERROR = ['servfail', 'refused', 'formerr', 'gone'];

it.each<[string, string, readonly string[]]>([
  ['no class', '', KINDS],
  ['all', 'class all', KINDS],
  ['success', 'class success', SUCCESS],
  ['denial', 'class denial', DENIAL],
  ['error', 'class error', ERROR],
  ['two on a line', 'class denial error', [...DENIAL, ...ERROR]],
  ['two lines', 'class success\n class error', [...SUCCESS, ...ERROR]],
  ['all beside another', 'class error all', KINDS],
])('logs answers of the classes that it is told: %s', async (_name, classes, logged) => {
  const { daemon, port } = await startLogging(`log end.test "said all of {name}"
      log . "line {name}" {
        ${classes}
      }`);
  for (const kind of KINDS) await ask(port, { name: `${kind}.test` });
  await ask(port, { name: 'www.end.test' });
  await daemon.waitForLine(/said all of/);
  const lines = daemon.lines().filter((line) => line.startsWith('[INFO] line'));
  expect(lines.toSorted()).toEqual(logged.map((kind) => `[INFO] line ${kind}.test.`).toSorted());
});
