/** Digits as people draw them, on a pad of 280 × 280: what a model from the glyphs has to recognise. */
export interface HandDrawing {
  readonly digit: number;
  readonly how: string;
  /** x and y in turn. */
  readonly strokes: readonly (readonly number[])[];
}

export const handPad = 280;

/** Part of an ellipse; angles in degrees, clockwise from the right. */
function arc(x: number, y: number, radiusX: number, radiusY: number, from: number, to: number): number[] {
  const steps = 20;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
    return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)];
  }).flat();
}

const drawing = (digit: number, how: string, ...strokes: number[][]): HandDrawing => ({
  digit,
  how,
  strokes,
});

export const handDrawings: readonly HandDrawing[] = [
  drawing(0, "oval", arc(140, 140, 80, 90, -90, 270)),
  drawing(0, "a circle", arc(140, 140, 100, 100, -90, 270)),
  drawing(0, "narrow", arc(140, 140, 50, 100, -90, 270)),
  drawing(0, "small, in a corner", arc(60, 60, 25, 32, -100, 250)),
  drawing(1, "one stroke", [140, 40, 142, 240]),
  drawing(1, "slanted", [160, 40, 120, 240]),
  drawing(1, "with a flag", [100, 90, 145, 40, 145, 240]),
  drawing(1, "with a flag and a base", [100, 90, 145, 40, 145, 240], [95, 240, 195, 240]),
  drawing(2, "plain", [...arc(140, 95, 60, 55, 190, 380), 80, 235, 210, 235]),
  drawing(2, "with a loop", [
    ...arc(140, 95, 60, 55, 190, 400),
    100,
    225,
    85,
    235,
    95,
    215,
    120,
    222,
    210,
    240,
  ]),
  drawing(3, "round", [...arc(130, 90, 55, 50, 210, 450), ...arc(130, 190, 60, 52, -90, 150)]),
  drawing(3, "flat", [80, 45, 190, 45, 130, 120, ...arc(130, 180, 60, 58, -90, 150)]),
  drawing(4, "open", [90, 40, 80, 150, 200, 150], [170, 60, 165, 240]),
  drawing(4, "closed", [170, 240, 170, 40, 70, 170, 220, 170]),
  drawing(5, "two strokes", [100, 40, 90, 125, ...arc(125, 180, 65, 58, -110, 150)], [100, 40, 190, 40]),
  drawing(5, "one stroke", [185, 45, 100, 45, 95, 120, ...arc(130, 175, 55, 60, -130, 140)]),
  drawing(6, "curved", [170, 40, 110, 100, 85, 170, ...arc(140, 185, 55, 52, 180, 540)]),
  drawing(6, "straight", [120, 40, 90, 170, ...arc(140, 190, 50, 45, 180, 540)]),
  drawing(7, "plain", [75, 50, 205, 50, 120, 240]),
  drawing(7, "crossed", [75, 50, 205, 50, 120, 240], [100, 145, 190, 140]),
  drawing(8, "two circles", [...arc(140, 90, 45, 45, 90, 450), ...arc(140, 188, 58, 52, -90, 270)]),
  drawing(
    8,
    "crossing",
    [185, 70, 140, 40, 95, 75, 140, 125, 190, 180, 140, 240, 90, 190, 140, 125, 185, 70],
  ),
  drawing(9, "straight", [...arc(140, 95, 50, 52, 0, 360), 185, 240]),
  drawing(9, "curved", [...arc(140, 95, 50, 52, -20, 360), 188, 150, 170, 215, 120, 240, 90, 225]),
];
