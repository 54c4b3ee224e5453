// Images [height, width, channels] in a frame of zeros, and what convolutions have in common.

export function clear(to: usize, bytes: usize): void {
  memory.fill(to, 0, bytes);
}

/**
 * Copies one image into the middle of a cleared frame that is `frameWidth` wide. What lies outside of the
 * frame (convolutions with strides may not reach the last rows) is left out.
 */
export function frame(
  image: usize, height: i32, width: i32, channels: i32,
  to: usize, frameHeight: i32, frameWidth: i32, top: i32, left: i32,
): void {
  const bytes = <usize>(min(width, frameWidth - left) * channels) << 2;
  const last = min(height, frameHeight - top);
  for (let y = 0; y < last; y++) {
    memory.copy(
      to + (<usize>(((y + top) * frameWidth + left) * channels) << 2),
      image + (<usize>(y * width * channels) << 2),
      bytes,
    );
  }
}

/** Every second pixel of images that have `inputs` channels, with channels of zeros before and after them. */
export function halvingShortcut(
  images: usize, to: usize, count: i32, height: i32, width: i32,
  inputs: i32, first: i32, last: i32,
): void {
  const rows = (height + 1) >> 1;
  const columns = (width + 1) >> 1;
  const pixel = <usize>inputs << 2;
  const before = <usize>first << 2;
  const after = <usize>last << 2;
  for (let row = 0; row < count * rows; row++) {
    const image = row / rows;
    const y = image * height + 2 * (row - image * rows);
    let from = images + <usize>(y * width) * pixel;
    for (let x = 0; x < columns; x++) {
      clear(to, before);
      memory.copy(to + before, from, pixel);
      clear(to + before + pixel, after);
      to += before + pixel + after;
      from += 2 * pixel;
    }
  }
}

/** Puts back where `halvingShortcut` took from: all other pixels had no part in it. */
export function halvingShortcutGradient(
  dy: usize, dx: usize, count: i32, height: i32, width: i32,
  inputs: i32, first: i32, last: i32,
): void {
  const rows = (height + 1) >> 1;
  const columns = (width + 1) >> 1;
  const pixel = <usize>inputs << 2;
  const outputs = <usize>(first + inputs + last) << 2;
  clear(dx, <usize>(count * height * width) * pixel);
  let from = dy + (<usize>first << 2);
  for (let row = 0; row < count * rows; row++) {
    const image = row / rows;
    const y = image * height + 2 * (row - image * rows);
    let to = dx + <usize>(y * width) * pixel;
    for (let x = 0; x < columns; x++) {
      memory.copy(to, from, pixel);
      from += outputs;
      to += 2 * pixel;
    }
  }
}
