import { needsWrtc } from "../needs.ts";
import { linkSuite } from "./suite.ts";

// libwebrtc is slow under loss, and keeps memory and sockets of closed connections for a while.
await linkSuite("wrtc", {
  skip: needsWrtc(),
  lossFragments: 250,
  lossPaceMs: 25,
  lossQuietMs: 3_000,
  leakMb: 160,
  leakDescriptors: 100,
});
