/** When a member makes a sketch of its replica, and whom it tells: the server, in its reports, and the others. */
import type { Meters } from "./meters.ts";
import type { PeerMesh } from "./peer-mesh.ts";
import { distance, sketchEvery, sketchOf } from "./sketch.ts";

export interface Sketching {
  /** `replica` enters `round`; the one before it learned `before` → `after`. */
  averaged(round: number, replica: Float32Array, before: Float32Array, after: Float32Array): void;
}

export function createSketching(
  mesh: Pick<PeerMesh, "tellSketch">,
  meters: Pick<Meters, "cycleMs" | "sketched">,
  seed: number,
): Sketching {
  return {
    averaged(round, replica, before, after) {
      if (round % sketchEvery(meters.cycleMs ?? 0) !== 0) return;
      const sketch = { round, values: sketchOf(replica, seed) };
      meters.sketched(sketch);
      mesh.tellSketch(sketch, distance(before, after));
    },
  };
}
