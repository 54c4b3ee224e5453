/** Peers come and go all the time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pause } from "../../../test/labs/real-time.ts";
import type { RunningPeer } from "../../../test/labs/training-run.ts";
import { growth, leftBehind, readHeld } from "../held.ts";
import { tellingHeld } from "../preload.ts";
import type { Row } from "../row.ts";
import { endlessTask } from "../tasks.ts";
import { newest, now, warmedUp } from "../watching.ts";

const fewest = 4;
const isAlive = ({ child }: RunningPeer) => child.exitCode === null && child.signalCode === null;
/**
 * Percent. Timers and handles are as many as the peers that are there ask for, which is by chance, and RSS goes up and
 * down with the C library's heap: in less time that does not even out. Still less says nothing about leaks.
 */
const mostGrowth = [
  { fromMinutes: 30, most: { rss: 10, heap: 10, handles: 10, timers: 10 } },
  { fromMinutes: 5, most: { rss: 20, heap: 10 } },
] as const;
/** Only the fewest peers, before the others come and after they have gone: the last is out of the view by then. */
const quietMs = { before: 12_000, after: 30_000 };
/** The newest lines of a quiet time. */
const quietLines = 4;

const words =
  "every 0.5 to 2 s a peer comes (60 %) or is killed (40 %), from 4 to 12; one peer and the server stay";

const churn: Row = {
  name: "churn",
  what: { full: `${words}; for an hour`, short: `${words.replace("12", "6")}; for 20 s` },
  repeats: { full: 1, short: 1 },
  seconds: { full: 3_630, short: 30 },
  minutes: { full: 60, short: 1 / 3 },
  async run(chaos) {
    const { rng, minutes } = chaos;
    const most = chaos.size === "full" ? 12 : 6;
    const folder = mkdtempSync(join(tmpdir(), "shoal-churn-"));
    chaos.after(() => rmSync(folder, { recursive: true }));
    const fileOf = (node: number | "server") => join(folder, `${node}.jsonl`);
    const envOf = (node: number | "server") =>
      node === "server" || node === 0 ? tellingHeld(fileOf(node)) : {};
    const run = await chaos.start({ task: endlessTask(fewest), peers: fewest, envOf });
    await warmedUp(run);
    const bars = mostGrowth.find(({ fromMinutes }) => minutes >= fromMinutes);
    const held = { server: fileOf("server"), peer: fileOf(0) };
    const quiet = async (ms: number) => {
      await pause(ms);
      const last = (file: string) => readHeld(file).slice(-quietLines);
      return { server: last(held.server), peer: last(held.peer) };
    };
    const before = bars && (await quiet(quietMs.before));
    const watch = watchRounds(run.peers);
    const [fromMs, counts] = [now(), { joined: 0, killed: 0 }];
    for (let saidMs = fromMs; now() < fromMs + 60_000 * minutes;) {
      await watch.pause(500 + 1_500 * rng.float());
      const alive = run.peers.filter(isAlive);
      const victim = alive.at(1 + rng.below(alive.length - 1));
      if (alive.length === fewest || (alive.length < most && rng.float() < 0.6)) {
        run.join(run.peers.length, {});
        counts.joined += 1;
      } else if (victim) {
        victim.child.kill("SIGKILL");
        counts.killed += 1;
      }
      if (now() > saidMs + 60_000) {
        saidMs = now();
        chaos.say(`${Math.round((saidMs - fromMs) / 60_000)} of ${minutes} min, ${alive.length} peers`);
      }
    }
    const trained = run.peers.slice(fewest).filter((peer) => newest(peer) !== undefined).length;
    const whole = { server: readHeld(held.server), peer: readHeld(held.peer) };
    // Whom the last turn has killed is not alive any more then.
    await pause(1_000);
    for (const peer of run.peers.filter(isAlive).slice(fewest)) peer.child.kill("SIGKILL");
    const after = before && (await quiet(quietMs.after));
    return [
      {
        what: "longest time without a finished round",
        unit: "deadlines",
        measured: watch.longest(),
        most: 3,
      },
      { what: "peers that came", unit: "", measured: counts.joined },
      { what: "of them got to train", unit: "", measured: trained, least: 1 },
      { what: "peers killed", unit: "", measured: counts.killed },
      ...(["server", "peer"] as const).flatMap((who) => [
        ...growth(whole[who], who, bars?.most ?? {}),
        ...(before && after ? leftBehind(before[who], after[who], { who, came: counts.joined }) : []),
      ]),
    ];
  },
};

/** Looks for finished rounds all the time, so that an hour of them need not be gone through at the end. */
function watchRounds(peers: readonly RunningPeer[]) {
  let [latestMs, longest, deadlineMs] = [now(), 0, Infinity];
  const look = () => {
    for (const peer of peers) {
      const round = newest(peer);
      if (!round || round.atMs <= latestMs) continue;
      deadlineMs = round.deadlineMs;
      longest = Math.max(longest, (round.atMs - latestMs) / deadlineMs);
      latestMs = round.atMs;
    }
    longest = Math.max(longest, (now() - latestMs) / deadlineMs);
  };
  return {
    longest: () => longest,
    async pause(ms: number): Promise<void> {
      for (const end = now() + ms; now() < end; look()) await pause(Math.min(50, ms));
    },
  };
}

export const churnRows: readonly Row[] = [churn];
