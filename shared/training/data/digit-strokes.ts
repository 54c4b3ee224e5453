/**
 * The skeletons of the ten digits in a box from −1 to 1 (y points down). A curve is a smooth line through
 * its points (Catmull–Rom), a line has corners.
 */
export interface Stroke {
  readonly kind: "line" | "curve";
  /** x and y in turn. */
  readonly points: readonly number[];
}

const line = (...points: number[]): Stroke => ({ kind: "line", points });
const curve = (...points: number[]): Stroke => ({ kind: "curve", points });

const six = curve(0.45, -0.95, -0.25, -0.5, -0.6, 0.3, -0.2, 0.95, 0.5, 0.7, 0.45, 0.15, -0.1, 0, -0.55, 0.4);

export const digitStrokes: readonly (readonly Stroke[])[] = [
  [curve(0, -1, 0.6, -0.6, 0.65, 0, 0.6, 0.6, 0, 1, -0.6, 0.6, -0.65, 0, -0.6, -0.6, 0, -1)],
  [line(-0.35, -0.6, 0.1, -1, 0.1, 1)],
  [curve(-0.6, -0.55, -0.2, -1, 0.5, -0.8, 0.5, -0.2, -0.1, 0.45, -0.6, 1), line(-0.6, 1, 0.65, 1)],
  [curve(-0.55, -0.8, 0.1, -1, 0.55, -0.55, 0, -0.05), curve(0, -0.05, 0.65, 0.45, 0.1, 1, -0.6, 0.75)],
  [line(0.3, 1, 0.3, -1, -0.65, 0.4, 0.65, 0.4)],
  [line(0.55, -1, -0.4, -1, -0.5, -0.1), curve(-0.5, -0.1, 0.1, -0.3, 0.6, 0.3, 0.2, 0.95, -0.55, 0.85)],
  [six],
  [line(-0.6, -1, 0.6, -1, -0.15, 1)],
  [curve(0, -0.05, 0.5, -0.5, 0, -1, -0.5, -0.5, 0, -0.05, 0.6, 0.5, 0, 1, -0.6, 0.5, 0, -0.05)],
  [curve(...six.points.map((value) => -value))],
];
