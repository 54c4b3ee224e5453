/** Saves one checkpoint after the other until it is killed. A round's digits on standard output: it is on the disk. */
import { saveCheckpoint } from "../../peer-node/checkpoints/save-checkpoint.ts";
import { checkpointTask, replicaOf, url } from "./fixture.ts";

const [folder = "", hidden = "", from = ""] = process.argv.slice(2);
const task = checkpointTask({ model: { kind: "mlp", hidden: [Number(hidden)] } });
// Made once: the time that is left is that of saving.
const { values } = replicaOf(task, 0);
for (let round = Number(from); ; round++) {
  values[0] = round;
  await saveCheckpoint({ folder, keep: 3, url, room: "main" }, task, { round, values });
  process.stdout.write(`${round}\n`);
}
