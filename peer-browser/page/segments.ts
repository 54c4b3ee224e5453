/** A few choices side by side: radio buttons that look like one control. */
import { element } from "../../shared/page/element.ts";
import type { Choice } from "./words.ts";

export interface Segments<Value extends string> {
  readonly value: Value;
  choose(value: Value): void;
}

export function createSegments<Value extends string>(
  target: HTMLElement,
  choices: readonly Choice<Value>[],
  start: Value,
  onChoice: (value: Value) => void = () => undefined,
): Segments<Value> {
  let value = start;
  const inputs = choices.map((choice) => {
    const input = element("input", { type: "radio", name: target.id, value: choice.value });
    input.addEventListener("change", () => {
      value = choice.value;
      onChoice(value);
    });
    target.append(
      element("label", {}, input, element("span", {}, choice.label, " ", element("small", {}, choice.aside))),
    );
    return { choice, input };
  });

  function choose(next: Value): void {
    value = next;
    for (const { choice, input } of inputs) input.checked = choice.value === next;
  }
  choose(start);
  return {
    get value() {
      return value;
    },
    choose,
  };
}
