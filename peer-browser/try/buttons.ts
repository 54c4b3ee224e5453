/** The buttons below whatever a model is fed with. */
import { element } from "../../shared/page/element.ts";

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", onClick);
  return made;
}

/** Looks like a button, too. */
export function pictureButton(onPicture: (file: File) => void): HTMLElement {
  const file = element("input", { type: "file", accept: "image/*", class: "try-file" });
  file.addEventListener("change", () => {
    const [picture] = file.files ?? [];
    if (picture) onPicture(picture);
    file.value = "";
  });
  return element("label", { class: "try-picture" }, "Use a picture", file);
}
