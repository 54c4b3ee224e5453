/** How sure the model is of each class, as bars. */
import { element, setText } from "../../shared/page/element.ts";

export interface Bars {
  readonly list: HTMLElement;
  /** Null: nothing to say. */
  show(probabilities: Float32Array | null): void;
}

export function createBars(labels: readonly string[]): Bars {
  const rows = labels.map((label) => {
    const bar = element("span", { class: "try-fill" });
    const share = element("span", { class: "try-share" });
    const track = element("span", { class: "try-track", "aria-hidden": "true" }, bar);
    const item = element("li", {}, element("span", { class: "try-label" }, label), track, share);
    return { item, bar, share };
  });
  const list = element("ol", { class: "try-bars", "aria-label": "How sure the model is of each answer" });
  list.append(...rows.map(({ item }) => item));

  function show(probabilities: Float32Array | null): void {
    const best = probabilities?.indexOf(Math.max(...probabilities));
    for (const [at, { item, bar, share }] of rows.entries()) {
      const value = probabilities?.[at] ?? 0;
      bar.style.transform = `scaleX(${value.toFixed(3)})`;
      setText(share, probabilities ? (value > 0.99 ? ">99 %" : `${Math.round(100 * value)} %`) : "");
      item.classList.toggle("best", at === best);
    }
  }
  show(null);
  return { list, show };
}
