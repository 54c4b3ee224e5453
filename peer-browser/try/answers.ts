/** What the model says of an image, whatever way it came: in words, as bars, and what the model saw of it. */
import { element, setText } from "../../shared/page/element.ts";
import { createBars } from "./bars.ts";
import type { TryInputOptions } from "./try-input.ts";

/** Below this the model is guessing. */
const sureEnough = 0.5;

/** What the model is asked about: images, and what is known about them. */
export interface Subject {
  readonly pixels: Uint8Array;
  /** The right answer, of a validation image. */
  readonly label?: string;
}

export interface Answers {
  readonly element: HTMLElement;
  ask(subject: Subject): void;
  /** Asks the model of now about what was asked last. */
  askAgain(): void;
  clear(): void;
  /** Shows why it failed, if it does. */
  attempt(what: Promise<void>): void;
}

export function createAnswers(
  { model: { shape, labels }, worker }: TryInputOptions,
  words: {
    readonly invitation: string;
    /** Of an image that the model has not learned from. */
    readonly known: (label: string) => string;
    /** The image's pixels for the page, in its text's colour or their own. */
    readonly toImage: (pixels: Uint8Array, textColor: string) => ImageData;
  },
): Answers {
  const bars = createBars(labels);
  const said = element("output", { class: "try-said" }, words.invitation);
  const seen = element("canvas", { width: `${shape.width}`, height: `${shape.height}`, class: "try-seen" });
  seen.setAttribute("role", "img");
  seen.setAttribute("aria-label", "What the model sees");
  let subject: Subject | null = null;
  let isAsking = false;

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
    setText(said, label === undefined ? sayings : `${words.known(label)} ${sayings}`);
  }

  function showSeen(pixels: Uint8Array | null): void {
    const context = seen.getContext("2d");
    context?.clearRect(0, 0, shape.width, shape.height);
    if (pixels) context?.putImageData(words.toImage(pixels, getComputedStyle(seen).color), 0, 0);
  }

  const sight = element("p", { class: "try-sight quiet" }, seen, "What the model sees");
  return {
    element: element("div", { class: "try-answers" }, said, bars.list, sight),
    ask,
    askAgain() {
      if (subject) ask({ ...subject });
    },
    clear() {
      subject = null;
      bars.show(null);
      showSeen(null);
      setText(said, words.invitation);
    },
    attempt: (what) =>
      void what.catch((error: unknown) =>
        setText(said, error instanceof Error ? error.message : String(error)),
      ),
  };
}

function opinion(probabilities: Float32Array, labels: readonly string[]): string {
  const order = [...probabilities.keys()].toSorted(
    (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0),
  );
  const [first = 0, second = 0] = order;
  const share = probabilities[first] ?? 0;
  if (share < sureEnough) return `The model is not sure: ${labels[first]} or ${labels[second]}?`;
  // Nobody is 100 % sure, whatever a softmax says.
  const sure = share > 0.99 ? "more than 99" : Math.round(100 * share);
  return `The model says ${labels[first]} and is ${sure} % sure.`;
}
