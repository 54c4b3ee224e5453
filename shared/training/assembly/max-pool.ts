// The gradient of a max pool: all of a window's gradient goes to its first largest value, as in tfjs's cpu
// backend. (tfjs's own wasm kernel gives it to element 0 where all values of a window are negative.)
import { clear } from "./images";

export function maxPoolGradient(
  x: usize, dy: usize, dx: usize, n: i32, height: i32, width: i32, channels: i32, down: i32, across: i32,
  tall: i32, wide: i32, strideY: i32, strideX: i32, top: i32, left: i32,
): void {
  clear(dx, <usize>(n * height * width * channels) << 2);
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < down; row++) {
      const y0 = max(0, row * strideY - top), y1 = min(height, row * strideY - top + tall);
      for (let column = 0; column < across; column++) {
        const x0 = max(0, column * strideX - left), x1 = min(width, column * strideX - left + wide);
        for (let c = 0; c < channels; c++) {
          let first: i32 = -1;
          let best: f32 = 0;
          for (let i = y0; i < y1; i++) {
            for (let j = x0; j < x1; j++) {
              const index = ((image * height + i) * width + j) * channels + c;
              const value = load<f32>(x + (<usize>index << 2));
              if (first < 0 || value > best) {
                first = index;
                best = value;
              }
            }
          }
          if (first >= 0) {
            const to = dx + (<usize>first << 2);
            store<f32>(to, load<f32>(to) + load<f32>(dy));
          }
          dy += 4;
        }
      }
    }
  }
}
