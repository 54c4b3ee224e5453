/** Losses of 20 steps on webgpu and on wasm, in a process whose environment points at a software adapter. */
import { startTrainerThread } from "../labs/trainer-thread.ts";
import { smallTask, trainAlone } from "./fixture.ts";

const batch = 8;
const task = smallTask({ model: { kind: "cnn", channels: [2, 4] }, batch });
for (const backend of ["webgpu", "wasm"] as const) {
  const trainer = await startTrainerThread(task, { shard: 0, backend });
  const { losses } = await trainAlone(trainer, 20, batch);
  console.log(JSON.stringify({ backend: trainer.backend, losses }));
  await trainer.close();
}
