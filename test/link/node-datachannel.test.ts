import { linkSuite } from "./suite.ts";

await linkSuite("node-datachannel");
