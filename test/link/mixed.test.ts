import { needsWrtc } from "../needs.ts";
import { linkSuite } from "./suite.ts";

const caps = {
  skip: needsWrtc(),
  lossFragments: 250,
  lossPaceMs: 25,
  lossQuietMs: 3_000,
  leakMb: 160,
  leakDescriptors: 100,
};
await linkSuite("node-datachannel to wrtc", caps);
await linkSuite("wrtc to node-datachannel", caps);
