/** The servers of one run, from their start to their last round. What fails for one of them leaves that one out and no other. */
import { messageOf } from '../../src/base/error-message.ts';
import { whyLeftOut } from './choose.ts';
import type { LeftOut } from './choose.ts';
import type { Measurement, Round } from './measure.ts';
import type { RunningServer } from './running-server.ts';
import type { Server } from './servers/server.ts';
import type { Measured } from './summary.ts';

export interface ContestTools {
  readonly measurement: Measurement;
  /** Gives a server that answers. */
  readonly start: (server: Server) => Promise<RunningServer>;
  /** Whether a program is on this machine. */
  readonly isHere: (tool: string) => boolean;
  /** Tells whoever watches how far it is. */
  readonly say: (line: string) => void;
}

export class Contest {
  readonly leftOut: LeftOut[] = [];
  private readonly tools: ContestTools;
  private readonly results = new Map<RunningServer, Round[]>();

  constructor(tools: ContestTools) {
    this.tools = tools;
  }

  /** Starts servers one after the other, each with its cache filled before the next. */
  async gather(servers: readonly Server[], tcp: boolean): Promise<void> {
    const { measurement, start, isHere, say } = this.tools;
    for (const server of servers) {
      const obstacle = whyLeftOut(server, tcp, isHere);
      if (obstacle !== undefined) {
        this.leaveOut(server, obstacle);
        continue;
      }
      say(`starting ${server.name}`);
      try {
        const running = await start(server);
        await measurement.warmUp(running);
        this.results.set(running, []);
      } catch (error) {
        this.leaveOut(server, messageOf(error));
      }
    }
  }

  async play(rounds: number): Promise<void> {
    for (let round = 1; round <= rounds && this.results.size > 0; round++) {
      await this.tools.measurement.round(
        [...this.results.keys()],
        round,
        (running, result) => {
          this.results.get(running)?.push(result);
          const [cost, speed] = [
            result.microsecondsPerAnswer.toFixed(2),
            Math.round(result.queriesPerSecond),
          ];
          this.tools.say(`round ${round}: ${running.server.name} ${cost} µs, ${speed}/s`);
        },
        (running, error) => {
          this.results.delete(running);
          running.program.kill();
          this.leaveOut(running.server, messageOf(error));
        },
      );
    }
  }

  measured(): (Measured & { readonly tool: string | undefined })[] {
    return Array.from(this.results, ([{ server }, rounds]) => ({
      name: server.name,
      role: server.role,
      tool: server.tool,
      rounds,
    }));
  }

  private leaveOut({ name }: Server, reason: string): void {
    this.leftOut.push({ name, reason });
  }
}
