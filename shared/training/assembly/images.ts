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
