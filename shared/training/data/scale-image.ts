/** Pictures of any size to one size: the middle of what is longer is cut out, then areas are averaged. */
import type { ImageShape } from "./data-set.ts";
import type { Picture } from "./decode-image.ts";

/** Writes the picture into `pixels` from `offset` on. */
export function scaleInto(picture: Picture, shape: ImageShape, pixels: Uint8Array, offset: number): void {
  const { width, height, channels } = shape;
  // Pixels of the picture to one of ours; the larger would show more than there is.
  const scale = Math.min(picture.width / width, picture.height / height);
  const left = (picture.width - scale * width) / 2;
  const top = (picture.height - scale * height) / 2;
  let at = offset;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = areaMean(picture, left + x * scale, top + y * scale, scale);
      if (channels === 3) for (const value of colour) pixels[at++] = Math.round(value);
      // ITU-R BT.601, as photographs are made grey.
      else pixels[at++] = Math.round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]);
    }
  }
}

/** Mean colour, 0 … 255, of a square of side `size`; less than a pixel counts by its part. */
function areaMean(picture: Picture, left: number, top: number, size: number): [number, number, number] {
  const { channels, data, largest } = picture;
  const [green, blue] = channels > 2 ? [1, 2] : [0, 0];
  const hasOpacity = channels === 2 || channels === 4;
  const [right, bottom] = [Math.min(picture.width, left + size), Math.min(picture.height, top + size)];
  let [redSum, greenSum, blueSum, weights] = [0, 0, 0, 0];
  for (let y = Math.floor(top); y < bottom; y++) {
    const tall = Math.min(y + 1, top + size) - Math.max(y, top);
    for (let x = Math.floor(left); x < right; x++) {
      const weight = tall * (Math.min(x + 1, left + size) - Math.max(x, left));
      if (weight <= 0) continue;
      const at = (y * picture.width + x) * channels;
      // What is not opaque lies on black, as the background of every data set here.
      const share = hasOpacity ? (weight * (data[at + channels - 1] ?? 0)) / largest : weight;
      redSum += (data[at] ?? 0) * share;
      greenSum += (data[at + green] ?? 0) * share;
      blueSum += (data[at + blue] ?? 0) * share;
      weights += weight;
    }
  }
  const unit = 255 / largest / weights;
  return [redSum * unit, greenSum * unit, blueSum * unit];
}
