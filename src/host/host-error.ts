/** What goes wrong on the host: what it is about, for metrics and for what to do next, and one sentence for the user. */

/**
 * - `permission`: the capability NET_ADMIN is missing
 * - `tool`: a program that is needed is missing
 * - `unsupported`: the kernel lacks something
 * - `conflict`: an interface or address is somebody else's
 * - `lock`: the xtables lock was held by somebody for longer than we wait
 * - `failed`: anything else that a tool reported
 */
export type HostErrorCode = 'permission' | 'tool' | 'unsupported' | 'conflict' | 'lock' | 'failed';

export class HostError extends Error {
  override readonly name = 'HostError';
  readonly code: HostErrorCode;
  /** Which part of the host it is about. */
  readonly about: 'rules' | 'interface';

  constructor(about: 'rules' | 'interface', code: HostErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.about = about;
    this.code = code;
  }
}
