// Batch normalisation of x [rows, channels], alone or with what follows it. Channels: a multiple of 4.
// Rows are taken in blocks, so that a block is in the cache for all its channels.
import { clear } from "./images";

const blockRows: i32 = 128;

@inline
function inverseDeviation(variance: v128, epsilon: f32): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
}

/** Mean and variance of every channel, by sums of x − (first row), which does not cancel. */
function statistics(x: usize, rows: i32, channels: i32, mean: usize, variance: usize): void {
  const bytes = <usize>channels << 2;
  clear(mean, bytes);
  clear(variance, bytes);
  for (let r = 0; r < rows; r += blockRows) {
    const count = min(rows - r, blockRows);
    for (let c: usize = 0; c < bytes; c += 16) {
      const shift = v128.load(x + c);
      let s0 = f32x4.splat(0), s1 = s0, q0 = s0, q1 = s0;
      let p = x + <usize>r * bytes + c;
      let left = count;
      for (; left >= 2; left -= 2) {
        const a = f32x4.sub(v128.load(p), shift);
        const b = f32x4.sub(v128.load(p + bytes), shift);
        s0 = f32x4.add(s0, a);
        s1 = f32x4.add(s1, b);
        q0 = f32x4.add(q0, f32x4.mul(a, a));
        q1 = f32x4.add(q1, f32x4.mul(b, b));
        p += 2 * bytes;
      }
      if (left > 0) {
        const a = f32x4.sub(v128.load(p), shift);
        s0 = f32x4.add(s0, a);
        q0 = f32x4.add(q0, f32x4.mul(a, a));
      }
      v128.store(mean + c, f32x4.add(v128.load(mean + c), f32x4.add(s0, s1)));
      v128.store(variance + c, f32x4.add(v128.load(variance + c), f32x4.add(q0, q1)));
    }
  }
  const share = f32x4.splat(<f32>(1.0 / <f64>rows));
  for (let c: usize = 0; c < bytes; c += 16) {
    const m = f32x4.mul(v128.load(mean + c), share);
    const square = f32x4.mul(v128.load(variance + c), share);
    v128.store(mean + c, f32x4.add(m, v128.load(x + c)));
    v128.store(variance + c, f32x4.max(f32x4.sub(square, f32x4.mul(m, m)), f32x4.splat(0)));
  }
}

/** y = scale·(x − mean)/√(variance + ε) + offset, then + shortcut if there is one, then ReLU if wanted. */
export function batchNorm(
  x: usize, scale: usize, offset: usize, shortcut: usize, y: usize, mean: usize, variance: usize,
  rows: i32, channels: i32, epsilon: f32, relu: bool,
): void {
  statistics(x, rows, channels, mean, variance);
  const bytes = <usize>channels << 2;
  const floor = f32x4.splat(relu ? 0 : <f32>-Infinity);
  for (let r = 0; r < rows; r += blockRows) {
    const count = min(rows - r, blockRows);
    const at = <usize>r * bytes;
    for (let c: usize = 0; c < bytes; c += 16) {
      const factor = f32x4.mul(v128.load(scale + c), inverseDeviation(v128.load(variance + c), epsilon));
      const shift = f32x4.sub(v128.load(offset + c), f32x4.mul(v128.load(mean + c), factor));
      let i = at + c;
      if (shortcut != 0) {
        for (let left = count; left > 0; left--) {
          const value = f32x4.add(f32x4.mul(v128.load(x + i), factor), shift);
          v128.store(y + i, f32x4.max(f32x4.add(value, v128.load(shortcut + i)), floor));
          i += bytes;
        }
      } else {
        for (let left = count; left > 0; left--) {
          v128.store(y + i, f32x4.max(f32x4.add(f32x4.mul(v128.load(x + i), factor), shift), floor));
          i += bytes;
        }
      }
    }
  }
}

/**
 * @param y the result where ReLU followed, or 0
 * @param dShortcut the gradient of the shortcut, or 0
 * @param dScale and `dOffset` [channels]
 */
export function batchNormGradient(
  dy: usize, x: usize, y: usize, scale: usize, mean: usize, variance: usize,
  dx: usize, dScale: usize, dOffset: usize, dShortcut: usize,
  rows: i32, channels: i32, epsilon: f32,
): void {
  const bytes = <usize>channels << 2;
  clear(dScale, bytes);
  clear(dOffset, bytes);
  // What ReLU lets through is kept where dx (or the shortcut's gradient) will be.
  const passed = y == 0 ? dy : dShortcut == 0 ? dx : dShortcut;
  const zero = f32x4.splat(0);
  for (let r = 0; r < rows; r += blockRows) {
    const count = min(rows - r, blockRows);
    for (let c: usize = 0; c < bytes; c += 16) {
      const m = v128.load(mean + c);
      let s = zero, q = zero;
      let i = <usize>r * bytes + c;
      if (y == 0) {
        for (let left = count; left > 0; left--) {
          const g = v128.load(dy + i);
          s = f32x4.add(s, g);
          q = f32x4.add(q, f32x4.mul(g, f32x4.sub(v128.load(x + i), m)));
          i += bytes;
        }
      } else {
        for (let left = count; left > 0; left--) {
          const g = v128.and(v128.load(dy + i), f32x4.gt(v128.load(y + i), zero));
          v128.store(passed + i, g);
          s = f32x4.add(s, g);
          q = f32x4.add(q, f32x4.mul(g, f32x4.sub(v128.load(x + i), m)));
          i += bytes;
        }
      }
      v128.store(dOffset + c, f32x4.add(v128.load(dOffset + c), s));
      v128.store(dScale + c, f32x4.add(v128.load(dScale + c), q));
    }
  }
  const share = f32x4.splat(<f32>(1.0 / <f64>rows));
  for (let c: usize = 0; c < bytes; c += 16) {
    v128.store(dScale + c, f32x4.mul(v128.load(dScale + c), inverseDeviation(v128.load(variance + c), epsilon)));
  }
  for (let r = 0; r < rows; r += blockRows) {
    const count = min(rows - r, blockRows);
    for (let c: usize = 0; c < bytes; c += 16) {
      const inverse = inverseDeviation(v128.load(variance + c), epsilon);
      const a = f32x4.mul(v128.load(scale + c), inverse);
      const b = f32x4.neg(f32x4.mul(f32x4.mul(a, inverse), f32x4.mul(v128.load(dScale + c), share)));
      const shift = f32x4.neg(
        f32x4.add(f32x4.mul(a, f32x4.mul(v128.load(dOffset + c), share)), f32x4.mul(b, v128.load(mean + c))),
      );
      let i = <usize>r * bytes + c;
      for (let left = count; left > 0; left--) {
        const g = f32x4.mul(v128.load(passed + i), a);
        v128.store(dx + i, f32x4.add(g, f32x4.add(f32x4.mul(v128.load(x + i), b), shift)));
        i += bytes;
      }
    }
  }
}
