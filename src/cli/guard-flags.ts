/** What `guard` and `run` are told by their flags, read and within bounds. What they then need of the host is not looked at here. */
import { messageOf } from '../base/error-message.ts';
import { checkLinkName } from '../host/link-name.ts';
import type { RulesChoice } from '../host/open-rules.ts';
import { parseHttpAddress } from '../observe/http-address.ts';
import type { LogFormat } from '../observe/log.ts';
import { FlagError, readFlag } from './flag-error.ts';
import { isOn, textOf, textOrEmpty } from './flag-values.ts';
import type { FlagValues } from './plain-flags.ts';
import { parsePort } from './port.ts';
import { parseSyncInterval } from './sync-interval.ts';
import { corefileOf } from './template-flags.ts';
import { readFrozenAfter, readGuardTimes } from './times.ts';

export interface GuardFlags {
  /** As given: not looked at yet. */
  readonly localip: string | undefined;
  readonly dnsPort: number;
  readonly healthPort: number | undefined;
  readonly setupInterface: boolean;
  readonly interfaceName: string;
  readonly interfaceType: 'dummy' | 'bridge';
  readonly rules: RulesChoice;
  readonly leaseMs: number;
  readonly probeIntervalMs: number;
  readonly syncIntervalMs: number;
  /** `host:port` of the guard's pages. */
  readonly pagesAddress: string;
  readonly skipTeardown: boolean;
  readonly onceClean: boolean;
  readonly logFormat: LogFormat;
  readonly debug: boolean;
  readonly pidfile: string | undefined;
  readonly version: string;
}

export interface RunFlags extends GuardFlags {
  /** Corefile that serve is to read, or with a template to write. */
  readonly conf: string | undefined;
  readonly baseCorefile: string | undefined;
  /** User id that serve is to have. */
  readonly user: number;
  readonly frozenAfterMs: number;
  readonly listPlugins: boolean;
}

/** The last is what the kernel says for "none". */
const MOST_USER_ID = 2 ** 32 - 2;

/** @throws FlagError */
export function readGuardFlags(values: FlagValues, version: string): GuardFlags {
  const text = (name: string): string => textOrEmpty(values, name);
  return {
    localip: textOf(values, 'localip'),
    dnsPort: readFlag('dns.port', text('dns.port'), parseOpenPort),
    healthPort: readFlag('health-port', text('health-port'), parsePort) || undefined,
    setupInterface: isOn(values, 'setupinterface'),
    interfaceName: interfaceNameOf(text('interfacename')),
    interfaceType: text('interface-type') === 'bridge' ? 'bridge' : 'dummy',
    rules: isOn(values, 'setupiptables') ? rulesChoice(text('rules')) : 'none',
    ...readGuardTimes(text('lease'), textOf(values, 'probe-interval')),
    syncIntervalMs: readFlag('syncinterval', text('syncinterval'), parseSyncInterval),
    pagesAddress: readFlag('metrics-listen-address', text('metrics-listen-address'), checkAddress),
    skipTeardown: isOn(values, 'skipteardown'),
    onceClean: isOn(values, 'once-clean'),
    logFormat: text('log-format') === 'json' ? 'json' : 'text',
    debug: isOn(values, 'debug'),
    pidfile: textOf(values, 'pidfile'),
    version,
  };
}

/** @throws FlagError */
export function readRunFlags(values: FlagValues, version: string): RunFlags {
  const guard = readGuardFlags(values, version);
  const conf = corefileOf(values);
  if (conf === 'stdin') {
    throw new FlagError(
      '--conf: expected a file: run starts serve more than once, and standard input comes once',
    );
  }
  return {
    ...guard,
    conf,
    baseCorefile: textOf(values, 'basecorefile'),
    user: readFlag('user', textOrEmpty(values, 'user'), parseUser),
    frozenAfterMs: readFrozenAfter(textOrEmpty(values, 'frozen-after'), guard),
    listPlugins: isOn(values, 'plugins'),
  };
}

/** Queries for port 0 cannot be told from others. */
function parseOpenPort(text: string): number {
  const port = parsePort(text);
  if (port === 0) throw new RangeError('expected a port from 1 to 65535, found "0"');
  return port;
}

/** @throws FlagError; what the host says of a name tells the flag already */
function interfaceNameOf(text: string): string {
  try {
    return checkLinkName(text);
  } catch (error) {
    throw new FlagError(messageOf(error), { cause: error });
  }
}

function parseUser(text: string): number {
  if (text === 'root') return 0;
  const id = Number(text);
  if (/^\d+$/.test(text) && id <= MOST_USER_ID) return id;
  throw new RangeError(`expected a user id or root, found "${text}"`);
}

function checkAddress(text: string): string {
  parseHttpAddress(text);
  return text;
}

const rulesChoice = (text: string): RulesChoice =>
  text === 'nft' || text === 'iptables' || text === 'none' ? text : 'auto';
