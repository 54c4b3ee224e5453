import { needsChromium } from "../needs.ts";
import { linkSuite } from "./suite.ts";

// The leak is looked for in Chromium's processes, which free memory when they like. Its neighbour is left out:
// node-datachannel keeps the sockets of a link whose remote is gone before it said goodbye for up to 22 s.
const caps = {
  skip: needsChromium(),
  lossFragments: 300,
  lossPaceMs: 5,
  lossQuietMs: 2_000,
  leakMb: 100,
  leakDescriptors: 40,
};
await linkSuite("chromium to node-datachannel", caps);
await linkSuite("forwarding chromium to node-datachannel", caps);
await linkSuite("chromium to chromium", caps);
