/**
 * One run for many who want the same: while the work for a key is under way, everybody who asks for that key waits for its result. Besides
 * the saved work this keeps identical questions from being open upstream at the same time, which birthday forgeries need (RFC 5452
 * section 5). Who does the work says when it is over; nothing is made for those who might join, until one does.
 */
import { KeyTable } from './key-table.ts';

interface Joined<Result> {
  readonly promise: Promise<Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class SingleFlight<Result> {
  /** Keys whose work is under way, and those who wait for it, if there are any. */
  private readonly flights = new KeyTable<string, Joined<Result> | null>();

  /** Keys whose work is under way. */
  get size(): number {
    return this.flights.size;
  }

  /** Whether the work for this key is under way. */
  has(key: string): boolean {
    return this.flights.has(key);
  }

  /** The result of the work for this key, if it is under way. */
  joined(key: string): Promise<Result> | undefined {
    const joined = this.flights.get(key);
    if (joined === undefined) return undefined;
    if (joined !== null) return joined.promise;
    const first = Promise.withResolvers<Result>();
    this.flights.set(key, first);
    return first.promise;
  }

  /** The work for this key begins, which was not under way. It ends with `land` or `crash`. */
  begin(key: string): void {
    this.flights.set(key, null);
  }

  /** The work is done. */
  land(key: string, result: Result): void {
    const joined = this.flights.get(key);
    this.flights.delete(key);
    joined?.resolve(result);
  }

  /** The work has no result: those who wait for it get the error. */
  crash(key: string, error: unknown): void {
    const joined = this.flights.get(key);
    this.flights.delete(key);
    joined?.reject(error);
  }
}
