/** The status page with a full room for ten minutes: processor time and memory. */
import { number, wholeNumber } from "../peer-node/cli-options.ts";
import { launchChromium } from "../test/browser/chromium.ts";
import { measureLoad } from "../test/browser/status-load.ts";
import type { LoadSample } from "../test/browser/status-load.ts";
import { keep, readOptions, resultFile } from "./options.ts";

const { values } = readOptions({
  what: "what does the status page of a full room cost?",
  options: {
    minutes: number("MINUTES", "how long (default: 10)", { min: 0.1, max: 10_000 }),
    reporters: wholeNumber("N", "peers in the room (default: 32)", { min: 1, max: 32 }),
    out: resultFile(),
  },
});
const { minutes = 10, reporters = 32 } = values;

const ends: (() => Promise<void> | void)[] = [];
const t = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };
const sampleSeconds = Math.min(30, minutes * 10);
const share = (value: number) => `${(value * 100).toFixed(1)} %`;

try {
  const samples = await measureLoad(t, await launchChromium(t), {
    reporters,
    warmUpSeconds: 5,
    sampleSeconds,
    samples: Math.round((minutes * 60) / sampleSeconds),
    onSample({ seconds, mainThreadShare, processShare, heapBytes, nodes }) {
      const heap = `${(heapBytes / 1e6).toFixed(2)} MB heap, ${nodes} nodes`;
      const load = `main thread ${share(mainThreadShare)}, process ${share(processShare)} of one core`;
      console.log(`${seconds.toFixed(0)} s: ${load}, ${heap}`);
    },
  });
  const result = { reporters, minutes, ...summary(samples), samples };
  keep(values.out, `${JSON.stringify(result, null, 2)}\n`);
  const { samples: _, ...figures } = result;
  console.log(JSON.stringify(figures));
} finally {
  for (const end of ends) await end();
}

function summary(samples: readonly LoadSample[]) {
  const mean = (of: (sample: LoadSample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [first] = samples;
  const last = samples.at(-1);
  return {
    mainThreadShare: mean((sample) => sample.mainThreadShare),
    processShare: mean((sample) => sample.processShare),
    heapBytesAtFirst: first?.heapBytes,
    heapBytesAtLast: last?.heapBytes,
  };
}
