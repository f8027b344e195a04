/**
 * The one ordered list. A query passes the handlers of its block in this order, whatever the order in the Corefile; setups run in it too.
 * It is CoreDNS's order for the plugins that are here: what only sets something first, then what watches (prometheus, errors, log), then
 * the cache, then what makes answers, from the most particular to the most general.
 *
 * To add a plugin: a folder with README.md, setup.ts, <name>.ts, and one line here (`src/README.md` has the recipe).
 */
import type { Plugin } from '../chain/plugin.ts';
import { acl } from './acl/setup.ts';
import { autopath } from './autopath/setup.ts';
import { bind } from './bind/setup.ts';
import { bufsize } from './bufsize/setup.ts';
import { cache } from './cache/setup.ts';
import { debug } from './debug/setup.ts';
import { dns64 } from './dns64/setup.ts';
import { dnstap } from './dnstap/setup.ts';
import { errors } from './errors/setup.ts';
import { forward } from './forward/setup.ts';
import { health } from './health/setup.ts';
import { hosts } from './hosts/setup.ts';
import { local } from './local/setup.ts';
import { loadbalance } from './loadbalance/setup.ts';
import { log } from './log/setup.ts';
import { loop } from './loop/setup.ts';
import { metadata } from './metadata/setup.ts';
import { minimal } from './minimal/setup.ts';
import { multisocket } from './multisocket/setup.ts';
import { prometheus } from './prometheus/setup.ts';
import { ready } from './ready/setup.ts';
import { reload } from './reload/setup.ts';
import { rewrite } from './rewrite/setup.ts';
import { template } from './template/setup.ts';
import { timeouts } from './timeouts/setup.ts';
import { whoami } from './whoami/setup.ts';

export const PLUGINS: readonly Plugin[] = [
  metadata,
  timeouts,
  multisocket,
  reload,
  bufsize,
  bind,
  debug,
  ready,
  health,
  prometheus,
  errors,
  log,
  dnstap,
  local,
  dns64,
  loadbalance,
  rewrite,
  autopath,
  acl,
  cache,
  minimal,
  template,
  hosts,
  loop,
  forward,
  whoami,
];

/**
 * Every directive that CoreDNS knows by name. One that is here and not in PLUGINS is refused as "missing a plugin"; any other word is
 * refused as unknown: two different mistakes, told apart.
 */
export const KNOWN_DIRECTIVES: ReadonlySet<string> = new Set(
  `root metadata geoip cancel proxyproto tls quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug trace ready
  health pprof shed prometheus errors log dnstap local dns64 acl any chaos loadbalance tsig cache rewrite header dnssec autopath minimal
  template transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary etcd loop forward grpc erratic whoami on sign
  view nomad`.split(/\s+/),
);
