/**
 * One run for many who want the same: while the work for a key is under way, everybody who asks for that key waits for its result. Besides
 * the saved work this keeps identical questions from being open upstream at the same time, which birthday forgeries need (RFC 5452
 * section 5).
 */
export class SingleFlight<Result> {
  private readonly flights = new Map<string, Promise<Result>>();

  /** Keys whose work is under way. */
  get size(): number {
    return this.flights.size;
  }

  /** The work for this key, if it is under way. */
  joined(key: string): Promise<Result> | undefined {
    return this.flights.get(key);
  }

  /** Takes note that `work` is under way for this key, until it settles. Gives `work` back. */
  lead(key: string, work: Promise<Result>): Promise<Result> {
    this.flights.set(key, work);
    const forget = (): void => {
      this.flights.delete(key);
    };
    work.then(forget, forget);
    return work;
  }
}
