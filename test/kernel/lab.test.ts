/** The kernel lab itself, with plain datagrams: what it promises about loss, delay, isolation, cleaning up. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createKernelLab } from "../labs/kernel.ts";
import type { KernelLab, LabNode } from "../labs/kernel.ts";
import { within } from "../labs/real-time.ts";
import { needsKernelLab } from "../needs.ts";

const skip = needsKernelLab();
const udpChild = fileURLToPath(new URL("udp-child.js", import.meta.url));

async function output(lab: KernelLab, node: LabNode, program: string, ...args: string[]): Promise<string> {
  const child = lab.spawn(node, program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "close");
  let text = "";
  child.stdout?.on("data", (data) => (text += String(data)));
  await within(30_000, `${program} ${args.join(" ")}`, gone);
  return text;
}

async function probe(
  lab: KernelLab,
  count: number,
  bytes = 32,
  burst = 16,
): Promise<{ returned: number; tripMs: number }> {
  const echo = lab.spawn(1, process.execPath, [udpChild, "echo"], { stdio: ["ignore", "pipe", "inherit"] });
  assert.ok(echo.stdout);
  await within(10_000, "the echo", once(echo.stdout, "data"));
  const printed = await output(
    lab,
    0,
    process.execPath,
    udpChild,
    "probe",
    lab.address(1),
    `${count}`,
    `${bytes}`,
    `${burst}`,
  );
  echo.kill("SIGKILL");
  await once(echo, "exit");
  const found: { returned: number; tripMs: number } = JSON.parse(printed);
  return found;
}

test("the kernel lab", { skip }, async (t) => {
  let lab: KernelLab;
  before(async () => void (lab = await createKernelLab({ peers: 3 })));
  after(() => lab.close());

  await t.test("without drops everything passes", async () => {
    lab.drop(0);
    const { returned } = await probe(lab, 500);
    assert.equal(returned, 500);
    assert.deepEqual(lab.datagrams(1), {
      passed: 500,
      dropped: 0,
      largePassed: 0,
      largeDropped: 0,
      largeAtRisk: 0,
      largeSent: 0,
    });
  });

  await t.test("each direction loses its share, and the kernel counts what it drops", async () => {
    const passedBefore = [0, 1].map((peer) => lab.datagrams(peer).passed);
    lab.drop(0.2);
    const { returned } = await probe(lab, 5_000, 1_200);
    lab.drop(0);
    assert.equal((await probe(lab, 500, 1_200)).returned, 500);
    const [back, there] = [0, 1].map((peer) => {
      const { largePassed, largeDropped, largeAtRisk, largeSent, passed } = lab.datagrams(peer);
      assert.equal(passed - (passedBefore[peer] ?? NaN), largePassed, "nothing else was sent");
      assert.equal(largePassed + largeDropped, largeAtRisk + 500, "the last 500 were not at risk");
      // Five standard errors.
      const share = largeDropped / largeAtRisk;
      assert.ok(Math.abs(share - 0.2) < 0.032, `${largeDropped} of ${largeAtRisk}`);
      return { largePassed, largeAtRisk, largeSent };
    });
    assert.equal(there?.largeAtRisk, 5_000);
    assert.equal(back?.largePassed, returned + 500);
    assert.equal(back?.largeAtRisk, (there?.largePassed ?? NaN) - 500);
    assert.equal(there?.largeSent, there?.largePassed);
  });

  await t.test("delay is added each way, and taken away again", async () => {
    await lab.delay(20);
    const slow = await probe(lab, 100);
    assert.equal(slow.returned, 100);
    assert.ok(slow.tripMs >= 40 && slow.tripMs < 60, `${slow.tripMs} ms`);
    await lab.delay(0);
    assert.ok((await probe(lab, 100)).tripMs < 20);
  });

  await t.test("a rate that is exceeded drops", async () => {
    lab.rate(100_000);
    const { returned } = await probe(lab, 500, 1_200, 500);
    assert.ok(returned > 10 && returned < 400, `${returned} of 500`);
    lab.rate(0);
    assert.equal((await probe(lab, 500, 1_200)).returned, 500);
  });

  await t.test("nothing is routed outside and there is no IPv6 around the rules", async () => {
    assert.doesNotMatch(await output(lab, 0, "ip", "route"), /default/);
    assert.equal(await output(lab, 0, "ip", "-6", "addr", "show", "dev", "eth0"), "");
  });
});

test("a lab that is closed leaves nothing behind, whatever ran in it", { skip }, async () => {
  const lab = await createKernelLab({ peers: 1 });
  const child = lab.spawn(0, process.execPath, [udpChild, "echo"], { stdio: "ignore" });
  await once(child, "spawn");
  await lab.close();
  assert.equal(child.signalCode, "SIGKILL");
  const left = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout;
  assert.doesNotMatch(left, new RegExp(`shoal-${process.pid}-`));
});

test("what a killed process left behind is swept by the next lab", { skip }, async () => {
  const lab = new URL("../labs/kernel.js", import.meta.url).href;
  const dies = `const { createKernelLab } = await import("${lab}");
    await createKernelLab({ peers: 1 });
    process.kill(process.pid, "SIGKILL");`;
  const { pid } = spawnSync(process.execPath, ["--input-type=module", "-e", dies]);
  const list = () => spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout;
  assert.match(list(), new RegExp(`shoal-${pid}-1-hub`));
  const next = await createKernelLab({ peers: 1 });
  assert.doesNotMatch(list(), new RegExp(`shoal-${pid}-`));
  await next.close();
});
