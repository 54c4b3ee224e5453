/** The mesh of one peer, wired to its room and its session: what comes over a link goes to the round under way. */
import { createDrift } from "./drift.ts";
import type { Membership } from "./membership.ts";
import type { Mesh, MeshOptions } from "./mesh.ts";
import { createMesh } from "./mesh.ts";
import type { Sketch } from "./messages.ts";
import { createSeals } from "./seals.ts";
import type { Session } from "./session.ts";
import { createSignalRoutes } from "./signal-routes.ts";
import type { SignalRoutes } from "./signal-routes.ts";
import type { SigningKey } from "./signing-key.ts";

export type PeerMesh = Mesh &
  Pick<SignalRoutes, "fromServer"> & {
    /** Of our replica, and how far the last local step went: the other members get it. */
    tellSketch(sketch: Sketch, moved: number): void;
    /** By what the others' sketches say; true once. */
    hasDrifted(): boolean;
  };

export function openPeerMesh(
  deps: Omit<MeshOptions, "events" | "seals" | "selfId" | "sendSignal" | "wayTo"> & {
    readonly signingKey: SigningKey;
    readonly room: string;
    readonly onForged: (peerId: string) => void;
    readonly membership: Pick<Membership, "view" | "isUp" | "lists" | "signal">;
    /** The links are dialled while the trainer starts: there may be no session yet. */
    readonly session: () => Session | undefined;
    readonly isListening: () => boolean;
    /** Another one asks for our gathers, or not any more. */
    readonly onListener: (peerId: string, isOn: boolean) => void;
    readonly onClose: (peerId: string, reason: string) => void;
  },
): PeerMesh {
  const exchange = () => deps.session()?.exchange;
  const members = () => deps.membership.view?.members ?? [];
  const isMember = (peerId: string) => members().includes(peerId);
  const selfId = deps.signingKey.peerId;
  const drift = createDrift({ ...deps, selfId, members });
  const routes = createSignalRoutes({
    ...deps,
    selfId,
    server: deps.membership,
    isMember,
    mesh: () => mesh,
  });
  // Its `iceServers` may change (TURN credentials run out), so it is handed on as it is.
  const options: MeshOptions = Object.assign(deps, {
    selfId,
    seals: createSeals({ ...deps, isMember }),
    sendSignal: routes.send,
    wayTo: routes.wayTo,
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
        routes.onControl(peerId, message);
        if (message.type === "sketch") drift.heard(peerId, message);
      },
      onDrain: (peerId: string) => exchange()?.onDrain(peerId),
    },
  });
  const mesh = createMesh(options);
  function tellSketch(sketch: Sketch, moved: number): void {
    drift.own(sketch);
    if (![...sketch.values, moved].every(Number.isFinite)) return;
    for (const peerId of mesh.open)
      if (isMember(peerId)) mesh.tell(peerId, { type: "sketch", ...sketch, moved });
  }

  return Object.assign(mesh, {
    fromServer: routes.fromServer,
    tellSketch,
    hasDrifted: drift.hasDrifted,
  });
}
