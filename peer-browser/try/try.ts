/**
 * "Try the model": a bundle of its own that both pages load when somebody asks for it. Shows the newest
 * model that a member handed in, lets a person feed it, and takes over newer ones as they come.
 */
import { element, setText } from "../../shared/page/element.ts";
import { count, percent } from "../../shared/page/format.ts";
import { createGlyphsInput } from "./glyphs-input.ts";
import { createModelWorker } from "./model-worker.ts";
import type { ModelWorker } from "./model-worker.ts";
import { createPictureInput } from "./picture-input.ts";
import type { LoadedModel } from "./try-messages.ts";
import type { TryInput, TryInputOptions } from "./try-input.ts";

const pollMs = 15_000;
/** After a worker that worked has crashed. */
const retryMs = 2_000;
const fetchMs = 60_000;
/** Hits here this far below what the room says are no chance. */
const suspicious = 0.25;

type CreateInput = (options: TryInputOptions) => TryInput;

/** How a person feeds a model, for the kinds of data that have a way of their own. */
const ownInputs: Readonly<Partial<Record<LoadedModel["kind"], CreateInput>>> = { glyphs: createGlyphsInput };
const inputFor = (kind: LoadedModel["kind"]) => ownInputs[kind] ?? createPictureInput;

interface Version {
  readonly round: number;
  readonly accuracy: number;
}

/**
 * @example
 * const { mountTry } = await import("/try.js");
 * const panel = mountTry(section, "main");
 */
export function mountTry(target: HTMLElement, room: string): { unmount(): void } {
  const address = `/api/rooms/${encodeURIComponent(room)}`;
  const about = element("p", { class: "try-about", role: "status" }, "Loading the model …");
  const place = element("div", { class: "try-place" });
  const download = element("a", { class: "try-download", href: `${address}/model`, download: "" });
  download.append("Download this model (safetensors)");
  download.hidden = true;
  const panel = element("div", { class: "try" }, about, place, download);
  const stopping = new AbortController();
  let worker: ModelWorker | undefined;
  let input: TryInput | undefined;
  let shown: Version | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function get(path: string): Promise<Response> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(fetchMs)]);
    const response = await fetch(path, { signal, cache: "no-cache" });
    if (!response.ok) throw new Error(`the server answered with ${response.status}`);
    return response;
  }

  /** What there is now, and not twice. */
  async function refresh(): Promise<void> {
    const newest = versionIn(await (await get(address)).json());
    if (!newest && !shown) setText(about, "This room has no model to try yet.");
    if (!newest) return; // after a restart of the server; the one at hand still works
    if (newest.round === shown?.round && newest.accuracy === shown.accuracy) return;
    const file = await (await get(`${address}/model`)).arrayBuffer();
    worker ??= createModelWorker(onBroken);
    const model = await worker.call("load", file);
    if (stopping.signal.aborted) return;
    shown = newest;
    setText(about, describe(model));
    download.hidden = false;
    if (input) input.modelChanged();
    else place.append((input = inputFor(model.kind)({ model, worker: { call } })).element);
  }

  /** To whichever worker there is: the input outlives one that crashes. */
  const call: ModelWorker["call"] = (method, argument) =>
    worker ? worker.call(method, argument) : Promise.reject(new Error("it is being loaded again"));

  function onBroken(): void {
    worker = undefined;
    shown = undefined;
    again(retryMs);
  }

  function again(ms: number): void {
    clearTimeout(timer);
    if (!stopping.signal.aborted) timer = setTimeout(() => void keepFresh(), ms);
  }

  async function keepFresh(): Promise<void> {
    try {
      if (!document.hidden || !shown) await refresh();
    } catch (error) {
      // With a model at hand there is nothing to worry a person with: it is asked again soon.
      if (!shown && !stopping.signal.aborted)
        setText(about, `The model could not be loaded: ${reasonOf(error)}.`);
    }
    again(pollMs);
  }

  void addStyles().then(() => target.append(panel));
  void keepFresh();
  return {
    unmount() {
      stopping.abort();
      clearTimeout(timer);
      input?.close();
      worker?.close();
      panel.remove();
    },
  };
}

function describe({ round, accuracy, checked: { right, count: of } }: LoadedModel): string {
  const claim = `Model of round ${count(round)}: ${percent(accuracy)} of the validation images right.`;
  if (of === 0 || right / of >= accuracy - suspicious) return claim;
  return `${claim} Checked in this browser it got only ${right} of ${of}: whoever handed it in may not have been honest.`;
}

function versionIn(info: unknown): Version | null {
  const model = typeof info === "object" && info !== null && "model" in info ? info.model : null;
  if (typeof model !== "object" || model === null) return null;
  if (!("round" in model) || typeof model.round !== "number") return null;
  if (!("accuracy" in model) || typeof model.accuracy !== "number") return null;
  return { round: model.round, accuracy: model.accuracy };
}

/** Resolves when the panel can be shown as it is meant to be; without styles it works, too. */
function addStyles(): Promise<void> {
  const href = "/try.css";
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = element("link", { rel: "stylesheet", href });
  return new Promise((resolve) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => resolve());
    document.head.append(link);
  });
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
