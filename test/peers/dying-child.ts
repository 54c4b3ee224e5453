/**
 * A peer that kills itself with SIGKILL at the worst moment: its scatters of a round are out, and the first
 * gather packet is about to be. Run as `node dying-child.js URL ROUND`.
 */
import { createRng } from "../../shared/core/rng.ts";
import { emptyHeader, packetKinds, readHeader } from "../../shared/core/packet.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createPeer } from "../../shared/net/peer.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { connectSignaling } from "../../peer-node/signaling-client.ts";
import { realClock } from "../labs/real-time.ts";
import { createToyTrainer } from "./toy-trainer.ts";

const [url = "", round = "0"] = process.argv.slice(2);
const header = emptyHeader();

const createLink: CreateLink = (options) => {
  const link = createNodeDatachannelLink(options);
  return {
    get state() {
      return link.state;
    },
    get bufferedBytes() {
      return link.bufferedBytes;
    },
    signal: link.signal,
    send(channel, bytes) {
      const isGather = readHeader(bytes, header) && header.kind === packetKinds.gather;
      if (isGather && header.round >= Number(round)) {
        process.stdout.write(`${header.round}\n`);
        process.kill(process.pid, "SIGKILL");
      }
      return link.send(channel, bytes);
    },
    sendText: link.sendText,
    stats: link.stats,
    close: link.close,
  };
};

const signingKey = createSigningKey(new Uint8Array(32).fill(13));
await createPeer({
  signingKey,
  identity: { peerId: signingKey.peerId, name: "dying", kind: "node", backend: "toy" },
  room: "main",
  signaling: await connectSignaling(url, { signingKey }),
  createLink,
  startTrainer: (task, shard) => Promise.resolve(createToyTrainer(task, shard)),
  clock: realClock,
  rng: createRng(13),
  onEvent: () => undefined,
}).run();
