/** A square to draw on with mouse, finger or pen. What is drawn stays as strokes; how it looks is ours. */
import { element } from "../../shared/page/element.ts";
import type { ImageShape } from "../../shared/training/data/data-set.ts";
import type { PenStroke } from "./pen-strokes.ts";

export interface DrawingPad {
  readonly canvas: HTMLCanvasElement;
  clear(): void;
  /** Shows an image of the data set in place of a drawing. */
  show(pixels: Uint8Array, shape: ImageShape): void;
  close(): void;
}

/** Units of the strokes and pixels of the canvas. */
export const padSize = 320;
const penWidth = 18;
/** Nobody draws a digit with more. */
const maxPoints = 4_000;

export function createDrawingPad(onDrawn: (strokes: readonly PenStroke[]) => void): DrawingPad {
  const canvas = element("canvas", {
    class: "try-pad",
    width: `${padSize}`,
    height: `${padSize}`,
    role: "img",
    "aria-label": "Drawing pad",
  });
  const context = canvas.getContext("2d");
  const strokes: number[][] = [];
  let image: ImageData | null = null;
  let pointer: number | null = null;
  let points = 0;

  function redraw(): void {
    if (!context) return;
    context.clearRect(0, 0, padSize, padSize);
    if (image) showScaled(context, image);
    Object.assign(context, { lineWidth: penWidth, lineCap: "round", lineJoin: "round" });
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const stroke of strokes) drawLine(context, stroke);
  }

  function empty(): void {
    strokes.length = 0;
    points = 0;
    image = null;
  }

  function add(event: PointerEvent): void {
    const box = canvas.getBoundingClientRect();
    const stroke = strokes.at(-1);
    if (!stroke || points >= maxPoints) return;
    const at = (offset: number, side: number) => Math.min(padSize, Math.max(0, (offset / side) * padSize));
    stroke.push(at(event.clientX - box.left, box.width), at(event.clientY - box.top, box.height));
    points += 1;
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    if (image) empty();
    strokes.push([]);
    add(event);
    redraw();
    onDrawn(strokes);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const seen = event.getCoalescedEvents();
    for (const each of seen.length > 0 ? seen : [event]) add(each);
    redraw();
    onDrawn(strokes);
  });
  const lift = (event: PointerEvent) => {
    if (event.pointerId === pointer) pointer = null;
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", redraw);

  return {
    canvas,
    clear() {
      empty();
      redraw();
    },
    show(pixels, shape) {
      empty();
      image = toImage(pixels, shape, getComputedStyle(canvas).color);
      redraw();
    },
    close: () => scheme.removeEventListener("change", redraw),
  };
}

function drawLine(context: CanvasRenderingContext2D, [x = 0, y = 0, ...rest]: readonly number[]): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x, y); // a tap is a dot
  for (let i = 0; i + 1 < rest.length; i += 2) context.lineTo(rest[i] ?? 0, rest[i + 1] ?? 0);
  context.stroke();
}

/** Grey values as that much of the text's colour, so that it fits a light and a dark page. */
export function toImage(pixels: Uint8Array, { width, height }: ImageShape, color: string): ImageData {
  const image = new ImageData(width, height);
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  for (let i = 0; i < width * height; i++) image.data.set([red, green, blue, pixels[i] ?? 0], 4 * i);
  return image;
}

function showScaled(context: CanvasRenderingContext2D, image: ImageData): void {
  const small = element("canvas", { width: `${image.width}`, height: `${image.height}` });
  small.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, padSize, padSize);
}
