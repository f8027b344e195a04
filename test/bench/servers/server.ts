/** What the benchmark knows of a server: a row of `servers.ts`. How rows are started and asked is `running-server.ts`. */

/** Where one server works. */
export interface Place {
  /** A directory of its own, removed at the end. */
  readonly directory: string;
  /** On 127.0.0.1, for UDP and TCP. */
  readonly port: number;
  /** Another port of 127.0.0.1 that is its own, for metrics. */
  readonly sparePort: number;
  /** Who knows all answers, on 127.0.0.1, over UDP and TCP. */
  readonly upstreamPort: number;
}

/** `floor`: gives every message back and reads none; what the machine needs for moving datagrams. */
export type Role = 'ours' | 'peer' | 'floor';

export interface Server {
  readonly name: string;
  readonly role: Role;
  /** The program of `bench-tools.ts` that it takes. */
  readonly tool?: string;
  /** Measured only where `--only` names it. */
  readonly byNameOnly?: true;
  readonly overTcp: boolean;
  /** File name within its directory → text, written before it starts. */
  files(place: Place): Readonly<Record<string, string>>;
  /** What runs once before the server, such as a compiler. */
  prepare?(place: Place): readonly string[];
  /** Starts it in the foreground. Programs without a slash are looked for where Debian keeps servers too. */
  command(place: Place): readonly string[];
}
