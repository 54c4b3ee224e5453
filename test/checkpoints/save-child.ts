/** Saves one checkpoint after the other until it is killed. A round's digits on standard output: it is on the disk. */
import { checkpointTask, saveRounds } from "./fixture.ts";

const [folder = "", hidden = "", from = ""] = process.argv.slice(2);
const task = checkpointTask({ model: { kind: "mlp", hidden: [Number(hidden)] } });
for (let round = Number(from); ; round++) {
  await saveRounds(folder, task, [round]);
  process.stdout.write(`${round}\n`);
}
