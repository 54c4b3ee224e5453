/** Any model of images: take a picture, or have one of the data set's shown, and see what it makes of it. */
import { element } from "../../shared/page/element.ts";
import { createAnswers } from "./answers.ts";
import { button, pictureButton } from "./buttons.ts";
import { asSeen, wholePicture } from "./picture.ts";
import type { TryInput, TryInputOptions } from "./try-input.ts";

/** Of the longer side of the image on screen. */
const shownSize = 320;

export function createPictureInput(options: TryInputOptions): TryInput {
  const { worker, model } = options;
  const { shape } = model;
  const { width, height } = shape;
  const answers = createAnswers(options, {
    invitation: "Choose a picture, or look at one that nobody trained on.",
    known: (label) => `The right answer is ${label}.`,
    toImage: (pixels) => asSeen(pixels, shape),
  });
  const scale = shownSize / Math.max(width, height);
  const shown = element("canvas", {
    class: "try-shown",
    width: `${width}`,
    height: `${height}`,
    role: "img",
  });
  shown.setAttribute("aria-label", "The picture");
  shown.style.width = `${width * scale}px`;

  function show(pixels: Uint8Array): void {
    shown.getContext("2d")?.putImageData(asSeen(pixels, shape), 0, 0);
  }

  async function showExample(): Promise<void> {
    const { pixels, label } = await worker.call("example", null);
    show(pixels);
    answers.ask({ pixels, label });
  }

  async function showPicture(file: File): Promise<void> {
    const pixels = await wholePicture(file, shape);
    show(pixels);
    answers.ask({ pixels });
  }

  const buttons = element(
    "div",
    { class: "try-buttons" },
    pictureButton((file) => answers.attempt(showPicture(file))),
    button("Show me an example", () => answers.attempt(showExample())),
  );
  return {
    element: element(
      "div",
      { class: "try-input" },
      element("div", { class: "try-drawing" }, shown, buttons),
      answers.element,
    ),
    modelChanged: answers.askAgain,
    close() {},
  };
}
