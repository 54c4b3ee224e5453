/** Draw a digit (or take a picture of one, or have one shown) and see what the model makes of it. */
import { element } from "../../shared/page/element.ts";
import { createAnswers } from "./answers.ts";
import { button, pictureButton } from "./buttons.ts";
import { createDrawingPad, padSize, toImage } from "./drawing-pad.ts";
import { glyphPicture } from "./glyph-picture.ts";
import { glyphImages } from "./pen-strokes.ts";
import type { TryInput, TryInputOptions } from "./try-input.ts";

export function createGlyphsInput(options: TryInputOptions): TryInput {
  const { worker, model } = options;
  const { shape } = model;
  const answers = createAnswers(options, {
    invitation: "Draw a digit here, as large as you like.",
    known: (label) => `This is a ${label} that nobody trained on.`,
    toImage: (pixels, textColor) => toImage(pixels, shape, textColor),
  });
  const pad = createDrawingPad((strokes) => answers.ask({ pixels: glyphImages(strokes, padSize) }));

  async function showExample(): Promise<void> {
    const { pixels, label } = await worker.call("example", null);
    pad.show(pixels, shape);
    answers.ask({ pixels, label });
  }

  async function showPicture(file: File): Promise<void> {
    const pixels = await glyphPicture(file, shape);
    pad.show(pixels, shape);
    answers.ask({ pixels });
  }

  function clear(): void {
    pad.clear();
    answers.clear();
  }

  const buttons = element(
    "div",
    { class: "try-buttons" },
    button("Show me a digit", () => answers.attempt(showExample())),
    button("Clear", clear),
    pictureButton((file) => answers.attempt(showPicture(file))),
  );
  const drawing = element("div", { class: "try-drawing" }, pad.canvas, buttons);
  return {
    element: element("div", { class: "try-input" }, drawing, answers.element),
    modelChanged: answers.askAgain,
    close: () => pad.close(),
  };
}
