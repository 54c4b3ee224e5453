/**
 * Loaded into a peer's process with `--import`: its wall clock is wrong, by SHOAL_CLOCK_SHIFT seconds, or
 * jumps between that and its opposite every SHOAL_CLOCK_JUMPS seconds. Monotonic clocks and timers are not
 * touched, as when somebody sets a real clock.
 */
const RealDate = Date;
const shiftMs = 1_000 * Number(process.env["SHOAL_CLOCK_SHIFT"] ?? 0);
const jumpsMs = 1_000 * Number(process.env["SHOAL_CLOCK_JUMPS"] ?? Infinity);

function wrong(): number {
  const sign = Math.floor(performance.now() / jumpsMs) % 2 === 0 ? 1 : -1;
  return RealDate.now() + sign * shiftMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [wrong()], made),
  apply: () => new RealDate(wrong()).toString(),
  get: (target, key): unknown => (key === "now" ? wrong : Reflect.get(target, key)),
});
