// Causal attention of several heads: qkv [n, time, 3·c] to y [n, time, c] and weights [n, heads, time, time].
import { gemm } from "./gemm";
import { exponentials, largest, scaleAll } from "./functions";
import { clear } from "./images";

export function attention(
  qkv: usize, y: usize, weights: usize, n: i32, time: i32, channels: i32, heads: i32, scratch: usize,
): void {
  const width = channels / heads;
  const row = <usize>channels * 12, out = <usize>channels << 2, line = <usize>time << 2;
  const factor: f32 = 1 / sqrt<f32>(<f32>width);
  for (let i = 0; i < n; i++) {
    for (let head = 0; head < heads; head++) {
      const q = qkv + (<usize>(head * width) << 2);
      const k = q + out, v = k + out;
      gemm(q, row, 4, k, 4, row, weights, line, time, time, width, false, scratch);
      let p = weights;
      for (let t = 0; t < time; t++) {
        scaleAll(p, t + 1, factor);
        const sum = exponentials(p, p, t + 1, largest(p, t + 1));
        scaleAll(p, t + 1, 1 / sum);
        clear(p + (<usize>(t + 1) << 2), <usize>(time - t - 1) << 2);
        p += line;
      }
      gemm(weights, line, 4, v, row, 4, y + (<usize>(head * width) << 2), out, time, width, time, false, scratch);
      weights = p;
    }
    qkv += <usize>time * row;
    y += <usize>time * out;
  }
}

/** `scores` [time, time] is scratch too. */
export function attentionGradient(
  dy: usize, qkv: usize, weights: usize, dQkv: usize, n: i32, time: i32, channels: i32, heads: i32,
  scores: usize, scratch: usize,
): void {
  const width = channels / heads;
  const row = <usize>channels * 12, out = <usize>channels << 2, line = <usize>time << 2;
  const factor: f32 = 1 / sqrt<f32>(<f32>width);
  for (let i = 0; i < n; i++) {
    for (let head = 0; head < heads; head++) {
      const at = <usize>(head * width) << 2;
      const q = qkv + at, k = q + out, v = k + out;
      const dq = dQkv + at, dk = dq + out, dv = dk + out;
      const d = dy + at;
      gemm(d, out, 4, v, 4, row, scores, line, time, time, width, false, scratch);
      softmaxGradient(scores, weights, time, factor);
      gemm(scores, line, 4, k, row, 4, dq, row, time, width, time, false, scratch);
      gemm(scores, 4, line, q, row, 4, dk, row, time, width, time, false, scratch);
      gemm(weights, 4, line, d, out, 4, dv, row, time, width, time, false, scratch);
      weights += <usize>time * line;
    }
    qkv += <usize>time * row;
    dQkv += <usize>time * row;
    dy += <usize>time * out;
  }
}

/** scores ← factor·weights·(scores − Σ scores·weights), row by row. */
function softmaxGradient(scores: usize, weights: usize, time: i32, factor: f32): void {
  for (let t = 0; t < time; t++) {
    let own: f32 = 0;
    for (let k = 0; k <= t; k++) {
      own += load<f32>(scores + (<usize>k << 2)) * load<f32>(weights + (<usize>k << 2));
    }
    for (let k = 0; k < time; k++) {
      const s = scores + (<usize>k << 2);
      store<f32>(s, k > t ? 0 : factor * load<f32>(weights + (<usize>k << 2)) * (load<f32>(s) - own));
    }
    scores += <usize>time << 2;
    weights += <usize>time << 2;
  }
}
