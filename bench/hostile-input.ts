/**
 * Bytes that make no sense, by the million: packets into round machines (simulated), events at a live server,
 * checkpoints that are damaged or cut off. The tests do the same with fewer of them.
 */
import { wholeNumber } from "../peer-node/cli-options.ts";
import { damageCheckpoints, killWriters } from "../test/checkpoints/damage.ts";
import { fuzzedGroups, fuzzPackets } from "../test/core/packet-fuzz.ts";
import type { PacketFuzz } from "../test/core/packet-fuzz.ts";
import { fuzzEvents } from "../test/server/event-fuzz.ts";
import { keep, readOptions, resultFile, someOf } from "./options.ts";

const { values } = readOptions({
  what: "what do packets, events and checkpoints that make no sense do?",
  options: {
    only: someOf(["packets", "events", "checkpoints"], "what"),
    packets: wholeNumber("N", "mutated packets, of every kind together (default: 1000000)", {
      min: 1_000,
      max: 1_000_000_000,
    }),
    events: wholeNumber("N", "mutated events (default: 100000)", { min: 100, max: 100_000_000 }),
    damaged: wholeNumber("N", "damaged checkpoints (default: 60)", { min: 1, max: 1_000_000 }),
    killed: wholeNumber("N", "programs killed while they write one (default: 40)", { min: 1, max: 100_000 }),
    seed: wholeNumber("N", "of what is changed, and how (default: 1)", { min: 0, max: 0x7fff_ffff }),
    out: resultFile(),
  },
});
const { packets = 1_000_000, events = 100_000, damaged = 60, killed = 40, seed = 1, out } = values;
const isWanted = (what: "packets" | "events" | "checkpoints") => values.only?.includes(what) ?? true;

const ends: (() => Promise<void> | void)[] = [];
const t = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };

function throwPackets() {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const groups = Object.keys(fuzzedGroups) as PacketFuzz["group"][];
  const kinds = groups.flatMap((group) =>
    (["invalid", "anything"] as const).map((mutations) => ({ group, mutations })),
  );
  return kinds.map((kind) => {
    const figures = fuzzPackets({ ...kind, seed, packets: Math.ceil(packets / kinds.length) });
    const { throws, thrown, changed, unaccounted } = figures;
    const results = kind.mutations === "invalid" ? `${changed} replicas changed` : "good ones among them";
    console.log(
      `${figures.packets} packets (${kind.group}, ${kind.mutations}): ${throws} throws, ${unaccounted} unaccounted for, ${results}`,
    );
    if (thrown !== undefined) console.log(thrown);
    return { ...kind, ...figures };
  });
}

async function throwEvents() {
  const onBatch = (sent: number) => {
    if (sent % 10_000 < 98) console.log(`${sent} events`);
  };
  const { status, ...figures } = await fuzzEvents(t, { events, seed, onBatch });
  console.log(
    `${figures.events} events: ${figures.failures.length} failures, ${figures.uncounted} uncounted, ${figures.changes} changes`,
  );
  for (const failure of figures.failures.slice(0, 5)) console.log(failure);
  return { ...figures, signals: status.signals };
}

async function breakCheckpoints() {
  const onTurn = (turn: number) => {
    if (turn % 20 === 0) console.log(`checkpoint ${turn}`);
  };
  const all = {
    damaged: await damageCheckpoints(t, { count: damaged, seed, onTurn }),
    killed: await killWriters(t, { count: killed, seed, onTurn }),
  };
  for (const [how, figures] of Object.entries(all)) {
    console.log(
      `${figures.count} ${how}: ${figures.loaded} loaded, ${figures.previousWhole} of those before whole`,
    );
    for (const fault of figures.faults) console.log(fault);
  }
  return all;
}

try {
  const results = {
    ...(isWanted("packets") && { packets: throwPackets() }),
    ...(isWanted("events") && { events: await throwEvents() }),
    ...(isWanted("checkpoints") && { checkpoints: await breakCheckpoints() }),
  };
  keep(out, `${JSON.stringify({ seed, ...results }, null, 2)}\n`);
} finally {
  for (const end of ends) await end();
}
