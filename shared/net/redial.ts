/**
 * When a link is dialled again, and how long an attempt may take. A path that was dark is back at a moment
 * that nobody is told of. Within an attempt a stack looks for it less and less often (after 0.5, 1, 2, 4,
 * 8 s), so a fresh attempt finds it sooner; but at 20 % loss the handshake itself takes up to 16 s
 * (measured), so the first attempt and every third one get the time for that.
 */
const connectTimeoutMs = 20_000;
const quickTimeoutMs = 8_000;
/** A network that is back after a minute is found within 10 s; a peer that is gone for good costs little. */
const waitsMs = [500, ...Array<number>(8).fill(2_000), 15_000, 15_000, 15_000, 60_000] as const;

/** @param failures attempts that came to nothing since the link was open */
export function attemptMs(failures: number): number {
  return failures % 3 === 0 ? connectTimeoutMs : quickTimeoutMs;
}

export function redialAfterMs(failures: number): number {
  return waitsMs[Math.min(failures, waitsMs.length - 1)] ?? 0;
}
