/**
 * What stands in for the event loop while a socket of it is waited for (`loop-wait.ts`): it waits for datagrams of this one, and for anything
 * else that the loop has to do.
 */
import type { LoopCalls } from './loop-calls.ts';

/** What `wait` found, a sum where it was more than one: a datagram, something else for the loop to do, the end of the time that was given. */
export const DATAGRAM = 1;
export const ELSE = 2;
export const TIME_OVER = 4;

/** Reads a socket that libuv polls for being readable. */
export interface DatagramReader {
  readonly fd: number;
  /** The machine's address of a `msghdr` for one datagram, which the system may receive before `read` is called. */
  readonly message: number;
  /** Says in `message` how much room there is. */
  makeRoom(): void;
  /**
   * Reads what has come.
   *
   * @param arrival undefined where all of it is still to be received. @returns whether to wait for more.
   */
  read(arrival?: Arrival): boolean;
}

/** A datagram that was received already, into the reader's `message`. */
export interface Arrival {
  readonly octets: number;
  /**
   * Sends one datagram with the wait for the next, without a system call of its own. What the system refuses is counted.
   *
   * @param message the machine's address of a `msghdr`; it has to stay as it is until `read` has returned, and is free again afterwards.
   */
  send(fd: number, message: number): void;
}

export interface StandIn {
  readonly calls: LoopCalls;
  /**
   * Takes a socket from libuv.
   *
   * @param mostMs milliseconds until a `wait` ends without it (`TIME_OVER`); below 1,000
   * @returns whether that worked; libuv still has it where not.
   */
  lend(reader: DatagramReader, mostMs: number): boolean;
  /** Until something is found. @returns a sum of it; 0 where a signal came first */
  wait(): number;
  /** Gives time anew, once it is over. @param mostMs as for `lend`. @returns whether that worked */
  extend(mostMs: number): boolean;
  /** Of the datagram that was found last; undefined where it is to be received. */
  readonly arrival: Arrival | undefined;
  /** Ends the waiting, and sends what is to be sent. @returns whether one more datagram has come, after which this is to be called again. */
  stop(): boolean;
  /** libuv hears of the socket again. @throws Error with the system's `code` where it cannot */
  giveBack(fd: number): void;
  /** To be called before a socket is closed. */
  forget(fd: number): void;
}
