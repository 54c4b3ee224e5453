/** What a simulated path does to packets: i.i.d. loss or Gilbert–Elliott bursts, delay, reordering, duplication. */
import type { Rng } from "../core/rng.ts";

export interface Weather {
  /** Share of packets lost, 0..1. */
  readonly loss: number;
  /** Mean length of a burst of losses in packets; 1 or less: losses are independent. */
  readonly meanBurst: number;
  readonly delayMs: number;
  /** Added delay, uniform in 0 … jitterMs: packets overtake each other. */
  readonly jitterMs: number;
  /** Share of packets that arrive twice. */
  readonly duplicate: number;
}

export const fairWeather: Weather = { loss: 0, meanBurst: 1, delayMs: 1, jitterMs: 0, duplicate: 0 };

export interface Path {
  /** Delays (ms) after which copies of the next packet arrive; none when it is lost. */
  fate(): readonly number[];
}

/**
 * Gilbert–Elliott with loss 0 in the good state and 1 in the bad one: bad lasts `meanBurst` packets on
 * average, and the good state as long as makes the mean loss right.
 */
export function createPath(weather: Weather, rng: Rng): Path {
  const isBursty = weather.meanBurst > 1 && weather.loss > 0;
  const leaveBad = 1 / weather.meanBurst;
  const enterBad = (leaveBad * weather.loss) / Math.max(1e-9, 1 - weather.loss);
  let isBad = isBursty && rng.float() < weather.loss;

  function isLost(): boolean {
    if (!isBursty) return rng.float() < weather.loss;
    isBad = isBad ? rng.float() >= leaveBad : rng.float() < enterBad;
    return isBad;
  }

  const delay = () => weather.delayMs + weather.jitterMs * rng.float();
  return {
    fate() {
      if (isLost()) return [];
      return weather.duplicate > 0 && rng.float() < weather.duplicate ? [delay(), delay()] : [delay()];
    },
  };
}
