/** A person can use the room's model here; what that takes is loaded on demand. */
import type { RoomStatus } from "../../shared/net/status.ts";
import { byId, setText } from "../../shared/page/element.ts";
import { bytes, count, percent } from "../../shared/page/format.ts";

interface TryModule {
  mountTry(target: HTMLElement, room: string): { unmount(): void };
}

/** Another bundle: the name is no literal in the import, so that it does not become a part of this one. */
const address = "/try.js";

export function createTrySection(): (room: RoomStatus) => void {
  const button = byId("try-start");
  const target = byId("try-target");
  let room = "";

  async function start(): Promise<void> {
    const { mountTry }: TryModule = await import(address);
    mountTry(target, room);
    // It says itself which model it has and where to get it.
    for (const part of [button, byId("try-about"), byId("download")]) part.hidden = true;
  }
  button.addEventListener("click", () => {
    start().catch(() => setText(target, "The model could not be loaded: reload this page to try again."));
  });

  return ({ room: name, model }) => {
    room = name;
    // Once opened it stays: somebody may be drawing while the room empties.
    byId("try").hidden = model === null && !button.hidden;
    if (!model) return;
    setText(
      byId("try-about"),
      `Of round ${count(model.round)}: ${percent(model.accuracy)} of what it is tested with is right.`,
    );
    byId("download").setAttribute("href", `/api/rooms/${encodeURIComponent(name)}/model`);
    setText(byId("download"), `Download it (${bytes(model.bytes)}, safetensors)`);
  };
}
