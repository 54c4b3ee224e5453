/** A hundred checkpoints that are torn or damaged: none is loaded, and the one before is. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findCheckpoint } from "../../peer-node/checkpoints/find-checkpoint.ts";
import { readName } from "../../peer-node/checkpoints/file-names.ts";
import { createRng } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import { pause, within } from "../labs/real-time.ts";
import { checkpointTask, contentOf, replicaOf, saveRounds, temporaryFolder } from "./fixture.ts";

const seed = 6;
const damagedCount = 88;
const killedCount = 12;

type Damage = readonly [what: string, apply: (path: string, rng: Rng) => void];
const damages: readonly Damage[] = [
  ["cut off", (path, rng) => truncateSync(path, rng.below(readFileSync(path).length))],
  ["a bit flipped", (path, rng) => change(path, rng, (byte) => byte ^ (1 << rng.below(8)))],
  ["a sector of zeros", (path, rng) => writeFileSync(path, zeroed(readFileSync(path), rng))],
  ["gone", (path) => rmSync(path)],
  ["longer", (path, rng) => writeFileSync(path, Buffer.of(rng.below(256)), { flag: "a" })],
];

function change(path: string, rng: Rng, of: (byte: number) => number): void {
  const bytes = readFileSync(path);
  const at = rng.below(bytes.length);
  bytes[at] = of(bytes[at] ?? 0);
  writeFileSync(path, bytes);
}

function zeroed(bytes: Buffer, rng: Rng): Buffer {
  const from = rng.below(bytes.length);
  return bytes.fill(0, from, Math.min(from + 512, bytes.length));
}

/** White space of a manifest says nothing, so a damage may change it and nothing else. */
const isHarmless = (path: string, before: Buffer) => {
  try {
    const [then, now] = [before, readFileSync(path)].map((bytes) =>
      JSON.stringify(JSON.parse(bytes.toString())),
    );
    return then === now;
  } catch {
    return false;
  }
};

test(`of ${damagedCount} damaged checkpoints none is loaded, and the one before is whole (seed ${seed})`, async (t) => {
  const task = checkpointTask();
  const original = temporaryFolder(t);
  await saveRounds(original, task, [10, 20, 30]);
  const rng = createRng(seed);
  const newest = [...contentOf(original).keys()].filter((file) => readName(file)?.round === 30);
  assert.equal(newest.length, 2);
  for (let turn = 0; turn < damagedCount; turn++) {
    const folder = join(temporaryFolder(t), "copy");
    cpSync(original, folder, { recursive: true });
    const file: string = newest[turn % newest.length] ?? "";
    const [what, damage] = damages[(turn >> 1) % damages.length] ?? assert.fail();
    const path = join(folder, file);
    const before = readFileSync(path);
    do {
      writeFileSync(path, before);
      damage(path, rng);
    } while (isHarmless(path, before));
    const damaged = contentOf(folder);
    const said: string[] = [];
    const found = await findCheckpoint(folder, task, (sentence) => said.push(sentence));
    const which = `turn ${turn}: ${file} is ${what}`;
    assert.deepEqual(found, replicaOf(task, 20), which);
    assert.deepEqual(contentOf(folder), damaged, `${which}: looking changes nothing`);
    // A manifest that is gone is a checkpoint that never was.
    const isSilent = what === "gone" && file.endsWith(".json");
    assert.equal(said.length, isSilent ? 0 : 1, `${which}: ${said.join("; ")}`);
    for (const sentence of said) assert.match(sentence, /^checkpoint .*-round-30\.json is not used: .+$/);
    for (const name of damaged.keys())
      if (readName(name)?.round !== 30) assert.equal(damaged.get(name), contentOf(original).get(name), which);
  }
});

test(`${killedCount} programs killed while they write leave whole checkpoints`, async (t) => {
  const child = fileURLToPath(new URL("save-child.js", import.meta.url));
  const hidden = 1_024;
  const task = checkpointTask({ model: { kind: "mlp", hidden: [hidden] } });
  const folder = temporaryFolder(t);
  const rng = createRng(seed);
  const { values } = replicaOf(task, 0);
  let round = 1;
  let unfinished = 0;
  for (let turn = 0; turn < killedCount; turn++) {
    const args = [child, folder, `${hidden}`, `${round}`];
    const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => writer.kill("SIGKILL"));
    let said = "";
    writer.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await within(20_000, "a first checkpoint", once(writer.stdout, "data"));
    await pause(rng.below(60));
    writer.kill("SIGKILL");
    await within(5_000, "the end", once(writer, "close"));
    // The last line may be cut off, too.
    const saved = Number(said.trimEnd().split("\n").at(-1));
    unfinished += [...contentOf(folder).keys()].filter((file) => file.endsWith(".tmp")).length;
    const found = await findCheckpoint(folder, task, (sentence) => assert.fail(sentence));
    assert.ok(found && found.round >= saved && found.round <= saved + 1, `${found?.round}, said ${saved}`);
    values[0] = found.round;
    assert.ok(
      found.values.every((value, at) => value === values[at]),
      `round ${found.round} is whole`,
    );
    round = found.round + 1;
  }
  t.diagnostic(`${round - 1} checkpoints written, ${unfinished} found unfinished`);
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const file of contentOf(folder).keys()) utimesSync(join(folder, file), longAgo, longAgo);
  await saveRounds(folder, task, [round, round + 1, round + 2, round + 3]);
  assert.equal(contentOf(folder).size, 6, "what was left unfinished goes with the old ones");
});
