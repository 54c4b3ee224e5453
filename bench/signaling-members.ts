/**
 * Members for bench/signaling-load.ts, thousands in one process, without WebRTC:
 * `node signaling-members.js PORT ROOM:SIZE…`, so many in each of these rooms.
 * Each joins with a key of its own, is ready, and comes back to a server that was away as real peers do, by the
 * same code. Says `in` when all are in views of their whole rooms; from then on each reports as often as it is asked to.
 * After a line on stdin (no server is there) it says `away`, then `joined` when all are in their rooms again, and
 * `in` when all have such views again.
 */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { createOpensslSigningKey } from "../peer-node/openssl-signing-key.ts";
import { realClock } from "../peer-node/real-clock.ts";
import { createMembership } from "../shared/net/membership.ts";
import type { Membership } from "../shared/net/membership.ts";
import type { LinkReport } from "../shared/net/messages.ts";
import { connectSignaling } from "../shared/net/signaling-client.ts";
import type { SignalingClient } from "../shared/net/signaling-client.ts";
import type { SigningKey } from "../shared/net/signing-key.ts";

interface Member {
  readonly membership: Membership;
  /** In a view of its whole room, which has come since the server went away. */
  isIn: boolean;
  report(): void;
}

const [port, ...rooms] = process.argv.slice(2);
const cycleMs = 1_000;
const reportEveryMs = 1_000;
const lookEveryMs = 20;
const tries = 10;

const linkTo = (peerId: string): LinkReport => ({
  peerId,
  state: "open",
  rttMs: 1.25,
  candidateType: "host",
  lanes: 1,
  sent: 123_456,
  received: 123_456,
  drops: { lost: 123, late: 12, stale: 1, unsent: 12, rejected: 0 },
  missed: 1,
});

/** On a busy machine the first tries may be in vain. */
async function connect(signingKey: SigningKey): Promise<SignalingClient> {
  for (let left = tries; ; left -= 1) {
    const connection = await connectSignaling(`http://127.0.0.1:${port}`, { signingKey });
    if (connection.ok) return connection.signaling;
    if (left === 0) throw new Error("no server", { cause: connection.error });
  }
}

async function openMember(room: string, signingKey: SigningKey, all: readonly string[]): Promise<Member> {
  const signaling = await connect(signingKey);
  const { peerId } = signingKey;
  const round = () => Math.floor(realClock.now() / cycleMs);
  const membership = createMembership({
    signaling,
    identity: { peerId, name: peerId.slice(0, 8), kind: "node", backend: "none" },
    room,
    clock: realClock,
    backend: () => undefined,
    position() {
      const { view } = membership;
      return view?.members.includes(peerId) ? { epoch: view.epoch, round: round(), cycleMs } : undefined;
    },
    upload: { answer: () => ({ ok: false, reason: "there is no model here" }) },
    events: {
      onWelcome: () => undefined,
      onJoined: () => undefined,
      onLeft: () => undefined,
      onSignal: () => undefined,
      onView({ members }) {
        member.isIn = members.length === all.length && all.every((id) => members.includes(id));
      },
      onTrainingGone: () => undefined,
      onRefused({ reason }) {
        throw new Error(`${room}: ${reason}`);
      },
      onNotice: () => undefined,
    },
  });
  const counts = { samplesPerSecond: 100, samples: 1_000, bytesSent: 1e6, bytesReceived: 1e6 };
  const links = all.filter((id) => id !== peerId).map(linkTo);
  const member: Member = {
    membership,
    isIn: false,
    report: () => membership.report({ state: "training", round: round(), cycleMs, ...counts, links }),
  };
  await membership.join();
  membership.ready({ round: 0 });
  return member;
}

async function openRoom(name: string, size: number): Promise<Member[]> {
  const keys = Array.from({ length: size }, () => createOpensslSigningKey(randomBytes(32)));
  const all = keys.map(({ peerId }) => peerId);
  return Promise.all(keys.map((key) => openMember(name, key, all)));
}

async function waitFor(what: (member: Member) => boolean): Promise<void> {
  while (!members.every(what)) await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
}

const members: Member[] = [];
for (const room of rooms) {
  const [name = "", size] = room.split(":");
  members.push(...(await openRoom(name, Number(size))));
}
const isIn = ({ membership, isIn: isWhole }: Member) => membership.isUp && isWhole;
await waitFor(isIn);
for (const { report } of members)
  setTimeout(() => setInterval(report, reportEveryMs), Math.random() * reportEveryMs);
console.log("in");
createInterface({ input: process.stdin }).on("line", async () => {
  if (members.some(({ membership }) => membership.isUp)) throw new Error("the server is still there");
  for (const member of members) member.isIn = false;
  console.log("away");
  await waitFor(({ membership }) => membership.isUp);
  console.log("joined");
  await waitFor(isIn);
  console.log("in");
});
process.stdin.on("end", () => process.exit(0));
