/** Prints what a peer chooses by itself where a graphics card has all the time that it takes to answer. */
import { startNodeTrainer } from "../../peer-node/backends/start-trainer.ts";
import { smallTask } from "../training/fixture.ts";

const trainer = await startNodeTrainer(smallTask(), {
  place: { shard: 0 },
  backend: "auto",
  gpuMs: 60_000,
  onBackend: (report) => console.log(JSON.stringify(report)),
});
await trainer.close();
