/** The guard's pages, open for as long as the process lives; what they show is `guard/pages.ts`'s. */
import { messageOf } from '../base/error-message.ts';
import { HttpServers } from '../observe/http.ts';
import type { HttpRoute } from '../observe/http-types.ts';
import type { Log } from '../observe/log-types.ts';

const RETRY_MS = 5000;

export class GuardPages {
  private readonly routes: readonly HttpRoute[];
  private readonly log: Log;
  private readonly servers: HttpServers;
  private timer: NodeJS.Timeout | undefined;
  private told = false;

  constructor(routes: readonly HttpRoute[], log: Log) {
    this.routes = routes;
    this.log = log;
    this.servers = new HttpServers(log);
  }

  /** Never throws: the node's DNS does not depend on a page. An address that is taken, as while one instance replaces another, is tried again. */
  async open(): Promise<void> {
    try {
      await this.servers.apply(this.routes);
      if (this.told) this.log.info(`pages are open on ${this.servers.addresses().join(' ')}`);
      this.told = false;
    } catch (error) {
      if (!this.told) this.log.error(`no pages yet: ${messageOf(error)}`);
      this.told = true;
      this.timer = setTimeout(() => void this.open(), RETRY_MS).unref();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.servers.close();
  }
}
