/** The room's link: as text to copy, and as a QR code for a phone, unless it leads nowhere from there. */
import { encode } from "uqr";
import { byId, setText } from "../../shared/page/element.ts";
import { svg } from "./svg.ts";

const flashMs = 1_500;

const onlyHere =
  "This link works on this computer only: open this page by the machine’s network name or address to share it.";

export function showShare(url: string): void {
  const link = byId("link");
  const button = byId("copy");
  const isHere = isOnlyHere(new URL(url).hostname);
  setText(link, url);
  if (isHere) setText(byId("share-what"), onlyHere);
  else byId("qr").replaceChildren(drawing(url));
  byId("qr").hidden = isHere;
  button.addEventListener("click", () => {
    copy(link).then(
      () => flash(button, "Copied"),
      () => flash(button, "Press Ctrl+C"),
    );
  });
  byId("share").hidden = false;
}

/** Whether an address's host is whatever computer one asks. */
export function isOnlyHere(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127\.[\d.]+|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[\da-f:]+\])$/i.test(hostname);
}

function drawing(url: string): SVGElement {
  const { data, size } = encode(url, { border: 2 });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  const image = svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "shape-rendering": "crispEdges" });
  image.setAttribute("aria-label", "QR code of the link");
  image.append(svg("path", { d: squares.join("") }));
  return image;
}

async function copy(source: HTMLElement): Promise<void> {
  // Selected in any case: without TLS a page has no clipboard, and Ctrl+C then does it.
  getSelection()?.selectAllChildren(source);
  await navigator.clipboard.writeText(source.textContent);
}

function flash(button: HTMLElement, text: string): void {
  setText(button, text);
  setTimeout(() => setText(button, "Copy"), flashMs);
}
