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
  const sum: [number, number, number] = [0, 0, 0];
  let weights = 0;
  for (let y = Math.floor(top); y < top + size && y < picture.height; y++) {
    const tall = Math.min(y + 1, top + size) - Math.max(y, top);
    for (let x = Math.floor(left); x < left + size && x < picture.width; x++) {
      const weight = tall * (Math.min(x + 1, left + size) - Math.max(x, left));
      if (weight <= 0) continue;
      weights += weight;
      addPixel(sum, picture, x, y, weight);
    }
  }
  const unit = 255 / picture.largest / weights;
  return [sum[0] * unit, sum[1] * unit, sum[2] * unit];
}

/** What is not opaque lies on black, as the background of every data set here. */
function addPixel(
  sum: [number, number, number],
  picture: Picture,
  x: number,
  y: number,
  weight: number,
): void {
  const { channels, data, largest } = picture;
  const at = (y * picture.width + x) * channels;
  const hasOpacity = channels === 2 || channels === 4;
  const opacity = hasOpacity ? (data[at + channels - 1] ?? 0) / largest : 1;
  for (const channel of [0, 1, 2] as const)
    sum[channel] += (data[at + (channels > 2 ? channel : 0)] ?? 0) * opacity * weight;
}
