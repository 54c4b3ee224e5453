/** Draw a digit (or take a picture of one, or have one shown) and see what the model makes of it. */
import { element, setText } from "../../shared/page/element.ts";
import { createBars } from "./bars.ts";
import { createDrawingPad, padSize, toImage } from "./drawing-pad.ts";
import { glyphImages } from "./pen-strokes.ts";
import { pictureImage } from "./picture.ts";
import type { TryInput, TryInputOptions } from "./try-input.ts";

const invitation = "Draw a digit here, as large as you like.";
/** Below this the model is guessing. */
const sureEnough = 0.5;

/** What the model is asked about: images, and what is known about them. */
interface Subject {
  readonly pixels: Uint8Array;
  /** The right answer, of a validation image. */
  readonly label?: string;
}

export function createGlyphsInput({ model, worker }: TryInputOptions): TryInput {
  const { shape, labels } = model;
  const bars = createBars(labels);
  const said = element("output", { class: "try-said" }, invitation);
  const seen = element("canvas", { width: `${shape.width}`, height: `${shape.height}`, class: "try-seen" });
  seen.setAttribute("role", "img");
  seen.setAttribute("aria-label", "What the model sees");
  let subject: Subject | null = null;
  let isAsking = false;

  const pad = createDrawingPad((strokes) => ask({ pixels: glyphImages(strokes, padSize) }));

  function ask(next: Subject): void {
    subject = next;
    showSeen(next.pixels);
    if (!isAsking) void answer(next);
  }

  /** One question at a time; of those that come meanwhile only the newest counts. */
  async function answer(asked: Subject): Promise<void> {
    isAsking = true;
    try {
      const probabilities = await worker.call("predict", asked.pixels);
      if (subject) show(asked, probabilities);
    } catch (error) {
      setText(said, `The model does not answer: ${error instanceof Error ? error.message : String(error)}.`);
    }
    isAsking = false;
    if (subject && subject !== asked) void answer(subject);
  }

  function show({ label }: Subject, probabilities: Float32Array): void {
    bars.show(probabilities);
    const sayings = opinion(probabilities, labels);
    setText(said, label === undefined ? sayings : `This is a ${label} that nobody trained on. ${sayings}`);
  }

  function showSeen(pixels: Uint8Array | null): void {
    const context = seen.getContext("2d");
    context?.clearRect(0, 0, shape.width, shape.height);
    if (pixels) context?.putImageData(toImage(pixels, shape, getComputedStyle(seen).color), 0, 0);
  }

  function clear(): void {
    subject = null;
    pad.clear();
    bars.show(null);
    showSeen(null);
    setText(said, invitation);
  }

  async function showExample(): Promise<void> {
    const { pixels, label } = await worker.call("example", null);
    pad.show(pixels, shape);
    ask({ pixels, label });
  }

  async function showPicture(file: File): Promise<void> {
    const pixels = await pictureImage(file, shape);
    pad.show(pixels, shape);
    ask({ pixels });
  }

  const trying = (what: Promise<void>) =>
    void what.catch((error: unknown) =>
      setText(said, error instanceof Error ? error.message : String(error)),
    );

  const file = element("input", { type: "file", accept: "image/*", class: "try-file" });
  file.addEventListener("change", () => {
    const [picture] = file.files ?? [];
    if (picture) trying(showPicture(picture));
    file.value = "";
  });
  const buttons = element(
    "div",
    { class: "try-buttons" },
    button("Show me a digit", () => trying(showExample())),
    button("Clear", clear),
    element("label", { class: "try-picture" }, "Use a picture", file),
  );
  const sight = element("p", { class: "try-sight quiet" }, seen, "What the model sees");
  const drawing = element("div", { class: "try-drawing" }, pad.canvas, buttons);
  const answers = element("div", { class: "try-answers" }, said, bars.list, sight);
  return {
    element: element("div", { class: "try-input" }, drawing, answers),
    modelChanged() {
      if (subject) ask({ ...subject });
    },
    close: () => pad.close(),
  };
}

function opinion(probabilities: Float32Array, labels: readonly string[]): string {
  const order = [...probabilities.keys()].toSorted(
    (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0),
  );
  const [first = 0, second = 0] = order;
  const share = probabilities[first] ?? 0;
  if (share < sureEnough) return `The model is not sure: a ${labels[first]} or a ${labels[second]}?`;
  // Nobody is 100 % sure, whatever a softmax says.
  const sure = share > 0.99 ? "more than 99" : Math.round(100 * share);
  return `The model says ${labels[first]} and is ${sure} % sure.`;
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", onClick);
  return made;
}
