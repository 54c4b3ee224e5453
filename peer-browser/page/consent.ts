/** The one screen before anything runs: what will happen, what leaves the device, how to stop. */
import { byId, element, setText } from "../../shared/page/element.ts";
import type { Power } from "../tab-messages.ts";
import type { Processor } from "../../shared/training/backend-report.ts";
import type { RoomInfo } from "./room-info.ts";
import { createSegments } from "./segments.ts";
import { factsInWords, leadInWords, powers, processors } from "./words.ts";

export interface Consent {
  readonly name: string;
  readonly power: Power;
  readonly processor: Processor;
}

/** `onJoin`: the one click. */
export function createConsent(onJoin: (consent: Consent) => void): {
  show(info: RoomInfo): void;
  hide(): void;
} {
  const form = byId("consent");
  const name = element("input", {
    id: "name",
    maxlength: "64",
    autocomplete: "nickname",
    placeholder: defaultName(),
  });
  byId("name").replaceWith(name);
  const power = createSegments<Power>(byId("power"), powers, "medium");
  const processor = createSegments<Processor>(byId("processor"), processors, "automatic");

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onJoin({
      name: cleanName(name.value) || name.placeholder,
      power: power.value,
      processor: processor.value,
    });
  });

  return {
    show(info) {
      setText(byId("lead"), leadInWords(info));
      const facts = factsInWords(info).flatMap(({ term, text }) => [
        element("dt", {}, term),
        element("dd", {}, text),
      ]);
      byId("facts").replaceChildren(...facts);
      form.hidden = info.isFinished;
    },
    hide() {
      form.hidden = true;
    },
  };
}

/** Nobody has to say who he is; a number tells two tabs apart. */
function defaultName(): string {
  const [number = 0] = crypto.getRandomValues(new Uint16Array(1));
  return `tab-${number.toString(16).padStart(4, "0")}`;
}

/** What the server would refuse in a name (pasted control and invisible characters) is left out. */
function cleanName(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .replaceAll(/\p{Cf}/gu, "")
    .trim();
}
