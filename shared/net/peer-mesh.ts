/** The mesh of one peer, wired to its session: what comes over a link goes to the round under way. */
import type { Mesh, MeshOptions } from "./mesh.ts";
import { createMesh } from "./mesh.ts";
import { createSeals } from "./seals.ts";
import type { Session } from "./session.ts";
import type { SigningKey } from "./signing-key.ts";

export function openPeerMesh(
  deps: Omit<MeshOptions, "events" | "seals" | "selfId"> & {
    readonly signingKey: SigningKey;
    readonly room: string;
    readonly onForged: (peerId: string) => void;
    /** The links are dialled while the trainer starts: there may be no session yet. */
    readonly session: () => Session | undefined;
    readonly isListening: () => boolean;
    /** Another one asks for our gathers, or not any more. */
    readonly onListener: (peerId: string, isOn: boolean) => void;
    readonly onClose: (peerId: string, reason: string) => void;
  },
): Mesh {
  const exchange = () => deps.session()?.exchange;
  // Its `iceServers` may change (TURN credentials run out), so it is handed on as it is.
  const options: MeshOptions = Object.assign(deps, {
    selfId: deps.signingKey.peerId,
    seals: createSeals(deps),
    events: {
      onOpen(peerId: string) {
        exchange()?.onOpen(peerId);
        mesh.tell(peerId, { type: "listen", on: deps.isListening() });
      },
      onClose(peerId: string, reason: string) {
        exchange()?.onClose(peerId);
        deps.onClose(peerId, reason);
      },
      onBytes: (peerId: string, bytes: Uint8Array) => exchange()?.onBytes(peerId, bytes),
      onControl(peerId: string, message: Parameters<MeshOptions["events"]["onControl"]>[1]) {
        if (message.type === "listen") deps.onListener(peerId, message.on);
        exchange()?.onControl(peerId, message);
      },
      onDrain: (peerId: string) => exchange()?.onDrain(peerId),
    },
  });
  const mesh = createMesh(options);
  return mesh;
}
