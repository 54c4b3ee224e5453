/**
 * The command that joins this room, to copy. Not by npx: until Shoal is published there, whoever takes its
 * name on npm would run what he likes on the machines of those who copy this.
 */
import { byId, setText } from "../../shared/page/element.ts";

export function createJoinCommand(): (room: string) => void {
  const command = byId("command");
  const button = byId("copy");
  button.addEventListener("click", () => {
    copy(command).then(
      () => flash(button, "Copied"),
      () => flash(button, "Press Ctrl+C"),
    );
  });
  return (room) => setText(command, `shoal join ${location.origin}/join/${room}`);
}

async function copy(source: HTMLElement): Promise<void> {
  // Selected in any case: without TLS a page has no clipboard, and Ctrl+C then does it.
  getSelection()?.selectAllChildren(source);
  await navigator.clipboard.writeText(source.textContent);
}

function flash(button: HTMLElement, text: string): void {
  setText(button, text);
  setTimeout(() => setText(button, "Copy"), 1_500);
}
