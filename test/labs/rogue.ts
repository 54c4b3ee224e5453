/** A participant that speaks to everybody and makes no sense: joins the room, links up, throws bytes. */
import { createRng } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createMesh } from "../../shared/net/mesh.ts";
import type { Mesh } from "../../shared/net/mesh.ts";
import { protocolVersion } from "../../shared/net/messages.ts";
import { createSeals } from "../../shared/net/seals.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import type { Signaling } from "../../shared/net/messages.ts";
import { connectSignaling } from "../../peer-node/signaling-client.ts";
import { realClock } from "./real-time.ts";

export interface Rogue {
  readonly peerId: string;
  readonly mesh: Mesh;
  /** Real packets that it heard: raw material. */
  readonly heard: Uint8Array[];
  close(): void;
}

/** @param options.life who comes back under another key has another one (0 … 255); `heard`: what it knows from before, so that it need not listen */
export async function joinAsRogue(
  url: string,
  createLink: CreateLink,
  { life = 255, heard = [] }: { readonly life?: number; readonly heard?: Uint8Array[] } = {},
): Promise<Rogue> {
  const signingKey = createSigningKey(new Uint8Array(32).fill(life));
  const { peerId } = signingKey;
  const listens = heard.length === 0;
  const signaling: Signaling = await connectSignaling(url, { signingKey });
  const mesh = createMesh({
    selfId: peerId,
    clock: realClock,
    rng: createRng(666),
    createLink,
    iceServers: [],
    seals: createSeals({
      signingKey,
      room: "main",
      clock: realClock,
      isMember: () => true,
      onForged: () => {},
    }),
    sendSignal: (to, attempt, data) => signaling.send("signal", { to, attempt, data }),
    events: {
      onOpen: (other) => void (listens && mesh.tell(other, { type: "listen", on: true })),
      onClose: () => {},
      onBytes: (_from, bytes) => void (listens && heard.length < 500 && heard.push(bytes.slice())),
      onControl: () => {},
      onDrain: () => {},
    },
  });
  signaling.on({
    connected: () => {},
    disconnected: () => {},
    joined: ({ peers }) => peers.forEach((peer) => mesh.meet(peer.peerId, false)),
    left: ({ peerId: gone }) => mesh.forget(gone, "left"),
    view: () => {},
    pace: () => {},
    model: () => {},
    signal: ({ from, attempt, data }) => mesh.signal(from, attempt, data),
    refused: () => {},
  });
  const answer = await signaling.join({
    protocol: protocolVersion,
    room: "main",
    peerId,
    name: "rogue",
    kind: "node",
    backend: "none",
  });
  if (!answer.ok) throw new Error(answer.reason);
  for (const peer of answer.roster) mesh.meet(peer.peerId, true);
  await mesh.settled();
  return {
    peerId,
    mesh,
    heard,
    close() {
      mesh.close();
      signaling.close();
    },
  };
}

/** One hostile packet: random bytes, or a real packet with bits, fields or its length changed, or replayed. */
export function mutate(heard: readonly Uint8Array[], rng: Rng): Uint8Array {
  const base = heard[rng.below(heard.length)]?.slice() ?? new Uint8Array(64);
  switch (rng.below(6)) {
    case 0:
      return Uint8Array.from({ length: 1 + rng.below(1_400) }, () => rng.below(256));
    case 1:
      for (let i = 0; i <= rng.below(8); i++) base[rng.below(base.length)] = rng.below(256);
      return base;
    case 2:
      return base.slice(0, 1 + rng.below(base.length));
    case 3:
      return Uint8Array.from([...base, ...base.slice(0, 1 + rng.below(64))]);
    case 4:
      for (let at = 4 + 4 * rng.below(5); at < 24; at += 4 * (1 + rng.below(3))) base.fill(0xff, at, at + 4);
      return base;
    default:
      return base;
  }
}
