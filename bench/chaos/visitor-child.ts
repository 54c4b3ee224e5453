/** What `visitor.ts` starts: `node visitor-child.js URL LINKS`. Visits when it is told to, one at a time. */
import { createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { createRng } from "../../shared/core/rng.ts";
import { pause } from "../../test/labs/real-time.ts";
import { joinAsRogue, mutate } from "../../test/labs/rogue.ts";
import type { Rogue } from "../../test/labs/rogue.ts";
import type { Order, Visit } from "./visitor.ts";
import { becomes, now } from "./watching.ts";

const mostMs = 10_000;
/** Packets at a time, to each peer. */
const burst = 10;
/** As long as one that speaks is there, about. */
const silentMs = 500;

const [, , url = "", links = ""] = process.argv;

/** Real packets, raw material for all visits. */
const heard: Uint8Array[] = [];
let isOver = false;

async function visit(order: Order): Promise<Visit> {
  isOver = false;
  const speaks = order.seed !== undefined;
  // Who has heard something before need not listen.
  const known = speaks ? heard : [new Uint8Array()];
  const rogue = await joinAsRogue(url, createNodeDatachannelLink, { life: order.life, heard: known });
  try {
    const isReady = () => rogue.mesh.open.length === Number(links) && (!speaks || heard.length >= 50);
    const fromMs = await becomes(isReady, mostMs);
    // Whom it was never linked to it cannot be shut out by.
    if (Number.isNaN(fromMs)) return { sent: 0, seconds: null };
    if (speaks) return await speak(rogue, fromMs, createRng(order.seed));
    await pause(silentMs);
    return { sent: 0, seconds: (now() - fromMs) / 1_000 };
  } finally {
    rogue.close();
  }
}

/** Mutated packets to everybody until nobody listens. */
async function speak({ mesh }: Rogue, fromMs: number, rng: ReturnType<typeof createRng>): Promise<Visit> {
  let sent = 0;
  const isShutOut = () => isOver && mesh.open.length === 0;
  while (!isShutOut() && now() < fromMs + mostMs) {
    for (const { peerId } of mesh.ends())
      for (let n = 0; n < burst; n++)
        sent += Number(mesh.send(peerId, n === 0 ? "control" : "fragments", mutate(heard, rng)));
    await pause(5);
  }
  return { sent, seconds: isShutOut() ? (now() - fromMs) / 1_000 : null };
}

const say = (message: Visit | { readonly failed: string }) => process.send?.(message);

process.on("message", (message: Order | "over") => {
  if (message === "over") isOver = true;
  else visit(message).then(say, (error: unknown) => say({ failed: String(error) }));
});
process.once("disconnect", () => process.exit(0));
