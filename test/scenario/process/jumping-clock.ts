/**
 * Loaded into the daemon before anything else: its wall clock, as JavaScript sees it, is 10 years ahead from the first SIGUSR2 on, and 10
 * years behind from the second on. The system's own clock is everybody's, and is left alone.
 */
const TEN_YEARS_MS = 10 * 365.25 * 86_400_000;

const SystemDate = Date;
let shiftMs = 0;

const now = (): number => SystemDate.now() + shiftMs;

globalThis.Date = new Proxy(SystemDate, {
  apply: () => new SystemDate(now()).toString(),
  construct: (target, given: readonly unknown[]): Date =>
    given.length === 0 ? new target(now()) : Reflect.construct(target, given),
  get: (target, key, receiver): unknown => (key === 'now' ? now : Reflect.get(target, key, receiver)),
});

process.on('SIGUSR2', () => {
  shiftMs = shiftMs > 0 ? -TEN_YEARS_MS : TEN_YEARS_MS;
});
