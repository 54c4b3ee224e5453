/** Do the tabs of a room go on while something is done to them? Nobody else's pace says so: who stops is given up. */
import * as v from "valibot";
import type { TrainingRun } from "../../test/labs/training-run.ts";
import { tabsTrain } from "./mixed-room.ts";
import type { Mixed, ReadStatus } from "./mixed-room.ts";
import { slowedDown } from "./pace.ts";
import type { Chaos, Check } from "./row.ts";
import { newest, now } from "./watching.ts";

const statusSchema = v.object({
  rooms: v.array(
    v.object({ peers: v.array(v.object({ peerId: v.string(), kind: v.string(), round: v.number() })) }),
  ),
});

/** The round of each tab, by its own report, and that of the programs. */
async function roundsOf(status: ReadStatus, { peers }: TrainingRun) {
  const { rooms } = v.parse(statusSchema, await status());
  const tabs = rooms.flatMap((room) => room.peers).filter(({ kind }) => kind === "browser");
  return {
    tabs: new Map(tabs.map(({ peerId, round }) => [peerId, round])),
    programs: Math.max(...peers.map((peer) => newest(peer)?.round ?? NaN)),
  };
}

/** As `slowedDown`, of the programs; and what the tabs do with the fault, which is still there at the end. */
export async function slowedDownBesideTabs(
  chaos: Chaos,
  { run, status, tabs }: Pick<Mixed<unknown>, "run" | "status" | "tabs">,
  begin: () => void | Promise<void>,
): Promise<readonly Check[]> {
  let before = await roundsOf(status, run);
  const pace = await slowedDown(chaos, run.peers, async () => {
    await begin();
    before = await roundsOf(status, run);
  });
  const after = await roundsOf(status, run);
  const rounds = [...before.tabs].map(([peerId, round]) => (after.tabs.get(peerId) ?? NaN) - round);
  const others = run.peers.length + tabs.length - 1;
  return [
    ...pace,
    {
      what: "rounds with it that the tab furthest behind went on by, as it reports, of the programs'",
      unit: "%",
      measured: (100 * Math.min(...rounds)) / (after.programs - before.programs),
      least: 50,
    },
    await tabsTrain("then, with it, all tabs are found to train, linked to everybody, within", {
      status,
      tabs: tabs.length,
      others,
      fromMs: now(),
    }),
  ];
}
