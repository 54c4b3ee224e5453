/**
 * Time as a dependency. Nothing in `shared/` reads a clock or starts a timer of its own: roles hand in
 * real time, the simulator and the tests hand in a virtual one. Always monotonic, never the wall clock.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}
