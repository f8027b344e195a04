/** All rows, by topic. A topic that is called like a directive is about that directive. */
import * as answering from './answer-plugins.ts';
import { CACHE } from './cache.ts';
import { FORWARD } from './forward.ts';
import { IMPORTS } from './imports.ts';
import { KEYS } from './keys.ts';
import { LEXER } from './lexer.ts';
import { MISSING_DIRECTIVES } from './missing.ts';
import { ENVIRONMENT, PARSER } from './parser.ts';
import { REWRITE } from './rewrite.ts';
import type { Row } from './row.ts';
import * as server from './server-plugins.ts';

export const TABLE: Readonly<Record<string, readonly Row[]>> = {
  words: LEXER,
  'blocks and directives': PARSER,
  'environment variables': ENVIRONMENT,
  imports: IMPORTS,
  keys: KEYS,
  'directives that are not here': MISSING_DIRECTIVES,
  acl: answering.ACL,
  autopath: answering.AUTOPATH,
  bind: server.BIND,
  bufsize: server.BUFSIZE,
  cache: CACHE,
  debug: server.DEBUG,
  dns64: answering.DNS64,
  dnstap: server.DNSTAP,
  errors: server.ERRORS,
  forward: FORWARD,
  health: server.HEALTH,
  hosts: answering.HOSTS,
  loadbalance: answering.LOADBALANCE,
  local: answering.LOCAL,
  log: server.LOG,
  loop: server.LOOP,
  metadata: server.METADATA,
  minimal: answering.MINIMAL,
  multisocket: server.MULTISOCKET,
  prometheus: server.PROMETHEUS,
  ready: server.READY,
  reload: server.RELOAD,
  rewrite: REWRITE,
  template: answering.TEMPLATE,
  timeouts: server.TIMEOUTS,
  whoami: server.WHOAMI,
};
