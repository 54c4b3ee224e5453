/** What a checkpoint folder holds, and what is said where one can't be written or used. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { findCheckpoint, roomOf } from "../../peer-node/checkpoints/find-checkpoint.ts";
import { createKeeper } from "../../peer-node/checkpoints/keeper.ts";
import { inWords, isDue, rhythmOption } from "../../peer-node/checkpoints/rhythm.ts";
import type { Rhythm } from "../../peer-node/checkpoints/rhythm.ts";
import { saveCheckpoint } from "../../peer-node/checkpoints/save-checkpoint.ts";
import { needsSmallDisk } from "../needs.ts";
import { checkpointTask, contentOf, replicaOf, saveRounds, temporaryFolder, url } from "./fixture.ts";

const task = checkpointTask();
const roundsIn = (folder: string) =>
  readdirSync(folder)
    .flatMap((file) => /-round-(\d+)\.json$/.exec(file)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);

/** Runs `round`s past a keeper that writes into `folder`, and gives what it said, in order. */
async function keepRounds(folder: string, rounds: readonly number[], between?: (round: number) => void) {
  const said: string[] = [];
  const say = (sentence: string) => said.push(sentence);
  const place = { folder, keep: 3, url, room: "main" };
  const keeper = createKeeper({
    rhythm: { rounds: 1 },
    clock: { now: () => 0, after: () => () => {} },
    save: (replica) => saveCheckpoint(place, task, replica),
    tell: say,
    warn: say,
  });
  for (const round of rounds) {
    between?.(round);
    keeper.consider(replicaOf(task, round));
    await keeper.conclude(undefined);
  }
  return said;
}

function smallDisk(t: TestContext, options: string): string {
  const folder = mkdtempSync(join(tmpdir(), "shoal-disk-"));
  assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status, 0);
  t.after(() => {
    spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test("the newest are kept, for their owner only, and later rounds of another course are left alone", async (t) => {
  const folder = temporaryFolder(t);
  await saveRounds(folder, task, [500, 10, 20, 30, 40], 2);
  assert.deepEqual(roundsIn(folder), [30, 40, 500]);
  assert.equal(readdirSync(folder).length, 6);
  for (const file of readdirSync(folder)) assert.equal(statSync(join(folder, file)).mode & 0o077, 0, file);
  assert.deepEqual(await findCheckpoint(folder, task, assert.fail), replicaOf(task, 500));
});

test("a folder that is not there has no checkpoint, and is made by the first one", async (t) => {
  const folder = join(temporaryFolder(t), "a", "b");
  assert.equal(await findCheckpoint(folder, task, assert.fail), undefined);
  await assert.rejects(roomOf(folder, assert.fail), /no whole checkpoint is there$/);
  await saveRounds(folder, task, [1]);
  assert.deepEqual(await findCheckpoint(folder, task, assert.fail), replicaOf(task, 1));
  assert.equal(await roomOf(folder, assert.fail), url);
});

test("a checkpoint of another task is not loaded, and stays when ours are saved beside it", async (t) => {
  const folder = temporaryFolder(t);
  const other = checkpointTask({ seed: 2, optimizer: { kind: "sgd", learningRate: 0.2 } });
  await saveRounds(folder, other, [10, 20, 30]);
  const theirs = contentOf(folder);
  const said: string[] = [];
  assert.equal(await findCheckpoint(folder, task, (sentence) => said.push(sentence)), undefined);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /of another task than the room's \("kept", other in optimizer, seed\)$/);
  await saveRounds(folder, task, [100, 200, 300, 400]);
  const after = contentOf(folder);
  for (const [file, digest] of theirs) assert.equal(after.get(file), digest);
  assert.deepEqual(await findCheckpoint(folder, other, assert.fail), replicaOf(other, 30));
  assert.deepEqual(await findCheckpoint(folder, task, assert.fail), replicaOf(task, 400));
  await assert.rejects(roomOf(folder, assert.fail), /has checkpoints of several tasks: say which room/);
});

test("a manifest that leads elsewhere, lies about its size or is no manifest is one sentence", async (t) => {
  const folder = temporaryFolder(t);
  await saveRounds(folder, task, [10]);
  const manifest = readdirSync(folder).find((file) => file.endsWith(".json")) ?? "";
  const text = readFileSync(join(folder, manifest), "utf8");
  const wrong: readonly [text: string, why: RegExp][] = [
    ["", /no whole JSON/],
    ["[]", /it is no object/],
    ["null", /it is no object/],
    [text.replace('"format": 1', '"format": 2'), /not of format 1/],
    [text.replace('"round": 10', '"round": 99'), /its digest differs/],
    [text.replace(".safetensors", "/../../etc/passwd"), /its digest differs/],
    [text.replace('"main"', '"main\\u0000"'), /its digest differs/],
    ["x".repeat(70_000), /more than 65536 bytes/],
  ];
  for (const [content, why] of wrong) {
    writeFileSync(join(folder, manifest), content);
    const said: string[] = [];
    assert.equal(await findCheckpoint(folder, task, (sentence) => said.push(sentence)), undefined);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", why);
  }
});

test("a model with values that are not finite is not saved", async (t) => {
  const folder = temporaryFolder(t);
  const { values } = replicaOf(task, 5);
  values[3] = NaN;
  const place = { folder, keep: 3, url, room: "main" };
  await assert.rejects(saveCheckpoint(place, task, { round: 5, values }), /values that are not finite/);
  assert.deepEqual(readdirSync(folder), []);
});

test("a folder that is none costs one warning; once it is one, that is said", async (t) => {
  const folder = join(temporaryFolder(t), "folder");
  writeFileSync(folder, "");
  const said = await keepRounds(folder, [1, 2, 3, 4, 5], (round) => {
    if (round !== 4) return;
    rmSync(folder);
    mkdirSync(folder);
  });
  assert.deepEqual(said, [
    `no checkpoint of round 1 in ${folder}: it is no folder; training goes on`,
    "checkpoints are saved again: round 4",
  ]);
  assert.deepEqual(roundsIn(folder), [4, 5]);
});

test(
  "a full disk leaves the old ones whole, costs one warning, and is no longer one when there is room",
  {
    skip: needsSmallDisk(),
  },
  async (t) => {
    const folder = smallDisk(t, "size=64k");
    const ballast = join(folder, "ballast");
    let whole = new Map<string, string>();
    const said = await keepRounds(folder, [1, 2, 3, 4, 5, 6], (round) => {
      if (round === 3) {
        whole = contentOf(folder);
        // As much as fits: tmpfs gives out pages.
        for (let size = 65_536; size >= 4_096; size -= 4_096)
          if (spawnSync("fallocate", ["-l", `${size}`, ballast]).status === 0) break;
      }
      if (round === 6) {
        const { ballast: _, ...left } = Object.fromEntries(contentOf(folder));
        assert.deepEqual(left, Object.fromEntries(whole));
        rmSync(ballast);
      }
    });
    assert.deepEqual(said, [
      "checkpoint saved: round 1",
      `no checkpoint of round 3 in ${folder}: no space is left there; training goes on`,
      "checkpoints are saved again: round 6",
    ]);
    assert.deepEqual(roundsIn(folder), [1, 2, 6]);
    assert.deepEqual(await findCheckpoint(folder, task, assert.fail), replicaOf(task, 6));
  },
);

test(
  "a disk on which the parameters fit but not the manifest keeps no parameters that nothing names",
  { skip: needsSmallDisk() },
  async (t) => {
    // The folder, a checkpoint's two files, and one more.
    const folder = smallDisk(t, "nr_inodes=4");
    const said = await keepRounds(folder, [1, 2]);
    assert.deepEqual(said.slice(1), [
      `no checkpoint of round 2 in ${folder}: no space is left there; training goes on`,
    ]);
    assert.deepEqual(roundsIn(folder), [1]);
    assert.equal(readdirSync(folder).length, 2, readdirSync(folder).join(", "));
    await assert.rejects(saveRounds(folder, task, [1, 2]), /of round 2 .*no space/);
    assert.deepEqual(await findCheckpoint(folder, task, assert.fail), replicaOf(task, 1));
  },
);

test("what is too old and can't be deleted is one warning, and the newest is saved all the same", async (t) => {
  const folder = temporaryFolder(t);
  await saveRounds(folder, task, [1]);
  const [manifest = "", parameters = ""] = readdirSync(folder).toSorted(
    (a, b) => Number(b.endsWith(".json")) - Number(a.endsWith(".json")),
  );
  // A folder of that name is what nobody can delete as a file, root neither.
  rmSync(join(folder, manifest));
  mkdirSync(join(folder, manifest));
  const said = await keepRounds(folder, [2, 3, 4, 5, 6, 7]);
  assert.deepEqual(said, [
    "checkpoint saved: round 2",
    `old checkpoints in ${folder} can't be deleted: a folder is in the way`,
  ]);
  assert.deepEqual(roundsIn(folder), [1, 5, 6, 7]);
  assert.equal(readdirSync(folder).length, 8, "the others that are too old are gone");
  assert.ok(readdirSync(folder).includes(parameters), "what a manifest that stays may name stays, too");
});

test("a folder that is removed while the peer runs is made again", async (t) => {
  const folder = join(temporaryFolder(t), "folder");
  const said = await keepRounds(folder, [1, 2, 3], (round) => {
    if (round === 3) rmSync(folder, { recursive: true });
  });
  assert.deepEqual(said, ["checkpoint saved: round 1"]);
  assert.deepEqual(roundsIn(folder), [3]);
});

test("a folder that this user may not read has no checkpoint, and that is said", async (t) => {
  const folder = temporaryFolder(t);
  await saveRounds(folder, task, [1]);
  const said: string[] = [];
  chmodSync(folder, 0);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.("nobody");
  try {
    const tell = (sentence: string) => said.push(sentence);
    assert.equal(await findCheckpoint(folder, task, tell), undefined);
    await assert.rejects(roomOf(folder, tell), /no whole checkpoint is there$/);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o700);
  }
  const sentence = `checkpoints in ${folder} can't be read: this user may not`;
  assert.deepEqual(said, [sentence, sentence]);
});

test("two processes that were given the same folder leave whole checkpoints", async (t) => {
  const folder = temporaryFolder(t);
  const child = fileURLToPath(new URL("save-child.js", import.meta.url));
  const hidden = 256;
  const saved = await Promise.all(
    [1, 2].map(async () => {
      const writer = spawn(process.execPath, [child, folder, `${hidden}`, "1"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      t.after(() => writer.kill("SIGKILL"));
      let said = "";
      writer.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.split("\n").length > 20) writer.kill("SIGKILL");
      });
      await once(writer, "close");
      return Number(said.split("\n").at(-2));
    }),
  );
  const kept = checkpointTask({ model: { kind: "mlp", hidden: [hidden] } });
  const found = await findCheckpoint(folder, kept, assert.fail);
  assert.ok(found && found.round >= Math.max(...saved), `round ${found?.round}, said ${saved.join(", ")}`);
});

test("a rhythm of rounds saves multiples; one of time saves the same rounds on machines that started apart", () => {
  const savedBy = (rhythm: Rhythm, startMs: number, cycleMs: number) => {
    const saved: number[] = [];
    let last = { round: 0, atMs: startMs };
    let before = last;
    for (let round = 1; round <= 2_000; round++) {
      const now = { round, atMs: startMs + round * cycleMs };
      if (isDue(rhythm, last, before, now)) {
        saved.push(round);
        last = now;
      }
      before = now;
    }
    return saved;
  };
  assert.deepEqual(savedBy({ rounds: 600 }, 0, 10), [600, 1_200, 1_800]);
  const ours = savedBy({ ms: 60_000 }, 0, 100);
  assert.deepEqual(ours, [512, 1_024, 1_536]);
  assert.deepEqual(savedBy({ ms: 60_000 }, 12_345, 101), ours);
  assert.deepEqual(savedBy({ ms: 1_000 }, 0, 5_000).length, 2_000);
});

test("a disk that hangs costs one warning, keeps nobody from ending, and is forgiven", async () => {
  const timers: (() => void)[] = [];
  const said: string[] = [];
  const say = (sentence: string) => said.push(sentence);
  let finish = () => {};
  const keeper = createKeeper({
    rhythm: { rounds: 1 },
    // Time passes when the test says so.
    clock: {
      now: () => 0,
      after: (_, run) => (timers.push(run), () => timers.splice(timers.indexOf(run), 1)),
    },
    save: () => new Promise((resolve) => (finish = () => resolve(undefined))),
    tell: say,
    warn: say,
  });
  for (const round of [1, 2, 3, 4]) keeper.consider(replicaOf(task, round));
  const ended = keeper.conclude(replicaOf(task, 5));
  for (const run of timers.slice()) run();
  await ended;
  assert.deepEqual(said, ["the disk takes long over a checkpoint; training goes on"]);
  finish();
  await keeper.conclude(undefined);
  assert.deepEqual(said.slice(1), ["checkpoints are saved again: round 1"]);
});

test("a rhythm is said as it is given", () => {
  const said = [{ rounds: 1 }, { rounds: 10 }, { ms: 60_000 }, { ms: 90_000 }, { ms: 7_200_000 }].map(
    inWords,
  );
  assert.deepEqual(said, ["every round", "every 10 rounds", "every 1m", "every 90s", "every 2h"]);
});

test("--checkpoint-every reads rounds and times", () => {
  const { read } = rhythmOption("N", "");
  assert.deepEqual(read(["100"]), { rounds: 100 });
  assert.deepEqual(read(["30s"]), { ms: 30_000 });
  assert.deepEqual(read(["2h"]), { ms: 7_200_000 });
  for (const wrong of ["", "0", "0s", "5 m", "1.5h", "-1", "9999h", "1d"])
    assert.throws(() => read([wrong]), /a number of rounds/, wrong);
});
