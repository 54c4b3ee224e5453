// Long short-term memory over sequences, time first. Gates in the order i, f, g, o; hidden: a multiple of 4.
import { clear } from "./images";
import { gemm, gemmScratch, multiplyPacked, packPanels, panelWidth } from "./gemm";
import { sigmoid, tanh } from "./functions";

@inline
function packedBytes(depth: i32, columns: i32): i32 {
  return 4 * depth * ((columns + panelWidth - 1) & ~(panelWidth - 1));
}

export function lstmScratch(n: i32, hidden: i32): i32 {
  const states = 4 * n * (2 * hidden + panelWidth);
  return packedBytes(hidden, 4 * hidden) + packedBytes(4 * hidden, hidden) + states + gemmScratch();
}

/** To h and c [time, n, hidden] and the gates' values after σ or tanh [time, n, 4·hidden]. */
export function lstm(
  gates: usize, recurrent: usize, h: usize, activities: usize, c: usize,
  time: i32, n: i32, hidden: i32, scratch: usize,
): void {
  const width = <usize>hidden << 2;
  const state = <usize>n * width;
  const edge = scratch + packedBytes(hidden, 4 * hidden);
  packPanels(recurrent, 4 * width, 4, hidden, 4 * hidden, scratch);
  memory.copy(activities, gates, <usize>time * 4 * state);
  for (let t = 0; t < time; t++) {
    if (t > 0) {
      multiplyPacked(
        h - state, width, scratch, width << 3, activities, 4 * width, edge,
        n, 4 * hidden, hidden, true,
      );
    }
    for (let row: usize = 0; row < state; row += width) {
      let a = activities + 4 * row;
      const end = h + row + width;
      let to = h + row;
      let cell = c + row;
      while (to < end) {
        const i = sigmoid(v128.load(a));
        const f = sigmoid(v128.load(a + width));
        const g = tanh(v128.load(a + 2 * width));
        const o = sigmoid(v128.load(a + 3 * width));
        let value = f32x4.mul(i, g);
        if (t > 0) value = f32x4.add(value, f32x4.mul(f, v128.load(cell - state)));
        v128.store(a, i);
        v128.store(a + width, f);
        v128.store(a + 2 * width, g);
        v128.store(a + 3 * width, o);
        v128.store(cell, value);
        v128.store(to, f32x4.mul(o, tanh(value)));
        a += 16;
        to += 16;
        cell += 16;
      }
    }
    h += state;
    c += state;
    activities += 4 * state;
  }
}

/** dy [time, n, hidden] to the gradients of gates and recurrent. */
export function lstmGradient(
  dy: usize, recurrent: usize, h: usize, activities: usize, c: usize, dGates: usize, dRecurrent: usize,
  time: i32, n: i32, hidden: i32, scratch: usize,
): void {
  const width = <usize>hidden << 2;
  const state = <usize>n * width;
  const dh = scratch + packedBytes(4 * hidden, hidden);
  const dc = dh + state;
  const edge = dc + state;
  const rest = edge + (<usize>n << 5);
  packPanels(recurrent, 4, 4 * width, 4 * hidden, hidden, scratch);
  clear(dh, 2 * state);
  const one = f32x4.splat(1);
  for (let t = time - 1; t >= 0; t--) {
    const at = <usize>t * state;
    for (let row: usize = 0; row < state; row += width) {
      let a = activities + 4 * (at + row);
      let dz = dGates + 4 * (at + row);
      for (let k = row; k < row + width; k += 16) {
        const i = v128.load(a), f = v128.load(a + width), g = v128.load(a + 2 * width), o = v128.load(a + 3 * width);
        const bent = tanh(v128.load(c + at + k));
        const toH = f32x4.add(v128.load(dy + at + k), v128.load(dh + k));
        const slope = f32x4.sub(one, f32x4.mul(bent, bent));
        const toC = f32x4.add(v128.load(dc + k), f32x4.mul(f32x4.mul(toH, o), slope));
        const before = t > 0 ? v128.load(c + at + k - state) : f32x4.splat(0);
        v128.store(dz, f32x4.mul(f32x4.mul(toC, g), f32x4.mul(i, f32x4.sub(one, i))));
        v128.store(dz + width, f32x4.mul(f32x4.mul(toC, before), f32x4.mul(f, f32x4.sub(one, f))));
        v128.store(dz + 2 * width, f32x4.mul(f32x4.mul(toC, i), f32x4.sub(one, f32x4.mul(g, g))));
        v128.store(dz + 3 * width, f32x4.mul(f32x4.mul(toH, bent), f32x4.mul(o, f32x4.sub(one, o))));
        v128.store(dc + k, f32x4.mul(toC, f));
        a += 16;
        dz += 16;
      }
    }
    if (t > 0) {
      multiplyPacked(
        dGates + 4 * at, 4 * width, scratch, width << 5, dh, width, edge,
        n, hidden, 4 * hidden, false,
      );
    }
  }
  if (time == 1) clear(dRecurrent, <usize>hidden * 4 * width);
  else {
    gemm(
      h, 4, width, dGates + 4 * state, 4 * width, 4, dRecurrent, 4 * width,
      hidden, 4 * hidden, (time - 1) * n, false, rest,
    );
  }
}
