/** The page's whole DOM vocabulary. Text only ever goes in as text: names are strangers' input. */

/** An element of index.html; its absence is a mistake of ours. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * Leaves an unchanged text alone, so that a selection in it survives the next update, and changes the one
 * text node in place: a page that shows a thousand figures a second would else leave as many dead nodes.
 */
export function setText(target: HTMLElement, text: string): void {
  const only = target.firstChild;
  if (only instanceof Text && only === target.lastChild) {
    if (only.data !== text) only.data = text;
  } else if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Takes the focus of what is gone from the screen, and of nothing else: somebody may be reading or writing there. */
export function moveFocus(to: HTMLElement): void {
  const held = document.activeElement;
  if (!held || held === document.body || held.getClientRects().length === 0) to.focus();
}
