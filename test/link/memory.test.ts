import { linkSuite } from "./suite.ts";

await linkSuite("memory", { lossPaceMs: 0, lossQuietMs: 200 });
