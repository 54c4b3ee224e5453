/** `shoal join --checkpoint` and `shoal resume`: real processes, killed and started again. */
import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { saveCheckpoint } from "../../peer-node/checkpoints/save-checkpoint.ts";
import { invitePurpose, signToken } from "../../signaling-server/invite-token.ts";
import { checkpointTask, replicaOf, saveRounds, temporaryFolder } from "../checkpoints/fixture.ts";
import { startServer } from "../server/fixture.ts";
import { pause } from "../labs/real-time.ts";
import { run, start, temporaryFile } from "./command.ts";
import type { Running } from "./command.ts";

const everyRounds = 10;
/** The training does not wait for a checkpoint: who is killed meanwhile has not saved it. */
const savingRounds = 5;

const roundSchema = v.object({
  event: v.literal("round"),
  round: v.number(),
  loss: v.number(),
  samples: v.number(),
});

async function roundsOf(peer: Running) {
  const lines = (await peer.ended()).stdout.trimEnd().split("\n");
  return lines.flatMap((line) => {
    // The last line of a process that was killed may be cut off.
    const parsed = line.endsWith("}") ? v.safeParse(roundSchema, JSON.parse(line)) : undefined;
    return parsed?.success ? [parsed.output] : [];
  });
}

const roundIn = (name: string) => Number(/-round-(\d+)/.exec(name)?.[1] ?? 0);

function newestIn(folder: string): number {
  const manifests = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Math.max(0, ...manifests.map(roundIn));
}

void test("everybody is killed, the server too: the room goes on from the newest checkpoint", async (t) => {
  const task = checkpointTask({
    model: { kind: "mlp", hidden: [24] },
    optimizer: { kind: "sgd", learningRate: 0.3 },
    work: { secondsPerRound: 0.05 },
    minPeers: 3,
  });
  const file = temporaryFile(t, "task.json", JSON.stringify(task));
  const serve = (port: string) => start(t, "serve", "--task", file, "--port", port, "--host", "127.0.0.1");
  const first = serve("0");
  const { origin, port } = new URL((await first.line(/^ {2}page /)).replace("page", "").trim());
  const folders = ["a", "b", "late"].map((name) => join(temporaryFolder(t), name));
  const joined = folders.map((folder) =>
    start(t, "join", origin, "--json", "--checkpoint", folder, "--checkpoint-every", `${everyRounds}`),
  );
  await Promise.all(joined.map((peer) => peer.line(/"event":"round","round":(3[3-9]|[4-9]\d|\d{3})/)));
  // Just after one more that both have: what two bring alike goes before a newer one that one brings.
  const newestOfBoth = () => Math.min(...folders.slice(0, 2).map(newestIn));
  const known = Math.max(newestOfBoth(), 2 * everyRounds);
  for (let looks = 0; looks < 1_500 && newestOfBoth() <= known; looks++) await pause(20);
  for (const process of [first, ...joined]) process.kill("SIGKILL");
  const before = await Promise.all(joined.map(roundsOf));
  await first.ended();

  const newest = newestOfBoth();
  // The third one's newest checkpoint did not make it, nor one that only one of the two had begun.
  for (const [i, folder] of folders.entries())
    for (const name of readdirSync(folder))
      if (roundIn(name) > newest - (i === 2 ? 1 : 0)) rmSync(join(folder, name));

  const second = serve(port);
  await second.line(/^ {2}page /);
  const resumed = folders.map((folder) => start(t, "resume", folder, "--json", "--checkpoint-every", "10"));
  await Promise.all(resumed.map((peer) => peer.line(/"event":"round"/)));
  const [, , late] = resumed;
  await late?.line(/coming with the checkpoint of round \d+; the optimizer starts at zero/);
  await late?.line(/"state":"listening"/);
  for (const process of [...resumed, second]) process.kill("SIGINT");
  const after = await Promise.all(resumed.map(roundsOf));

  const reached = Math.max(...before.map((rounds) => rounds.at(-1)?.round ?? 0)) + 1;
  const [a, b, c] = after.map((rounds) => rounds[0]?.round ?? 0);
  t.diagnostic(
    `killed after ${reached} rounds, gone on from ${Math.min(a ?? 0, b ?? 0)}, the third from ${c}`,
  );
  assert.equal(Math.min(a ?? 0, b ?? 0), newest);
  assert.ok(reached - newest <= everyRounds + savingRounds, "at most one interval is lost");
  assert.ok(c !== undefined && c > Math.min(a ?? 0, b ?? 0), "the third has listened first");
  // A first round may be of very few samples, and its loss nearly chance.
  const meanLoss = (all: typeof before) => {
    const early = all.flatMap((rounds) => rounds.slice(0, 3));
    const samples = early.reduce((sum, round) => sum + round.samples, 0);
    return early.reduce((sum, round) => sum + round.loss * round.samples, 0) / samples;
  };
  const [scratch, goneOn] = [meanLoss(before), meanLoss(after)];
  t.diagnostic(`loss of the first rounds ${scratch.toFixed(2)}, when resumed ${goneOn.toFixed(2)}`);
  assert.ok(goneOn < scratch, "what was learned is there");
});

void test("a folder that can't be written is refused before anything is trained", async (t) => {
  const readOnly = temporaryFolder(t);
  chmodSync(readOnly, 0o500);
  const places: readonly (readonly [folder: string, why: string])[] = [
    [join(temporaryFile(t, "file", ""), "folder"), "it is no folder"],
    ...(process.platform === "linux" ? [["/proc/no/folder", "it is not there"] as const] : []),
    // The superuser may write everywhere.
    ...(process.geteuid?.() === 0 ? [] : [[join(readOnly, "folder"), "this user may not"] as const]),
  ];
  for (const [folder, why] of places) {
    const { code, stdout, stderr } = await run(t, "join", "http://127.0.0.1:9", "--checkpoint", folder);
    assert.deepEqual(
      [code, stdout, stderr],
      [2, "", `shoal: checkpoint folder (${folder}): can't be written, ${why}\n`],
    );
  }
});

void test("a folder that breaks later costs one line, and no training", async (t) => {
  const server = await startServer(t, { tasks: { main: checkpointTask({ minPeers: 3 }) } });
  const join20 = ["join", `http://127.0.0.1:${server.port}`, "--rounds", "20"];
  const peers = ["loud", "quiet"].map((name) => {
    const folder = join(temporaryFolder(t), "folder");
    const kept = ["--checkpoint", folder, "--checkpoint-every", "1"];
    return {
      folder,
      peer: start(t, ...join20, ...kept, "--name", name, ...(name === "quiet" ? ["--quiet"] : [])),
    };
  });
  const inRoom = async () => (await fetch(`http://127.0.0.1:${server.port}/api/status`)).text();
  while (!/"loud"[^]*"quiet"|"quiet"[^]*"loud"/.test(await inRoom())) await pause(100);
  for (const { folder } of peers) {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
  }
  const others = start(t, ...join20, "--quiet");
  const [loud, quiet] = await Promise.all(peers.map(({ peer }) => peer.ended()));
  await others.ended();
  const warning = /no checkpoint of round \d+ in .*: it is no folder; training goes on/g;
  assert.deepEqual([loud?.code, loud?.stderr], [0, ""]);
  assert.match(loud?.stdout ?? "", /a checkpoint every round, the last 3 kept, in /);
  assert.equal(loud?.stdout.match(warning)?.length, 1, loud?.stdout);
  assert.deepEqual([quiet?.code, quiet?.stdout], [0, ""]);
  assert.equal(quiet?.stderr.match(warning)?.length, 1, quiet?.stderr);
});

void test("a training by invite goes on with the invite that it was joined with, while that holds", async (t) => {
  const creatorKey = "k".repeat(32);
  const task = checkpointTask();
  const server = await startServer(t, { tasks: { main: task }, creatorKey, access: { main: "invite" } });
  const inFolder = async (endsInSeconds: number) => {
    const untilSeconds = Date.now() / 1000 + endsInSeconds;
    const invite = signToken(creatorKey, invitePurpose, { room: "main", untilSeconds });
    const url = `${server.url}/join/main#invite=${invite}`;
    const folder = temporaryFolder(t);
    await saveCheckpoint({ folder, keep: 3, url, room: "main" }, task, replicaOf(task, 10));
    return { folder, invite };
  };
  const [holds, ended] = await Promise.all([inFolder(600), inFolder(-3_600)]);
  const [resumed, refused] = await Promise.all([
    run(t, "resume", holds.folder, "--rounds", "3", "--json"),
    run(t, "resume", ended.folder, "--json"),
  ]);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stdout, /"event":"round","round":10,/);
  const newest = `-round-${newestIn(holds.folder)}.json`;
  assert.ok(newestIn(holds.folder) >= 13);
  for (const file of readdirSync(holds.folder)) {
    assert.equal(statSync(join(holds.folder, file)).mode & 0o077, 0, `${file} is for its owner only`);
    if (file.endsWith(newest))
      assert.ok(readFileSync(join(holds.folder, file), "utf8").includes(holds.invite));
  }
  assert.equal(refused.code, 4);
  assert.match(
    refused.stderr,
    /^shoal: there is no room "main": .*; its invite has ended on \d{4}-\d\d-\d\d: ask for a new link\n$/,
  );
  assert.ok(!refused.stderr.includes(ended.invite) && !resumed.stdout.includes(holds.invite));
});

void test("what can't be resumed is one sentence", async (t) => {
  const folder = temporaryFolder(t);
  const empty = await run(t, "resume", folder);
  assert.deepEqual([empty.code, empty.stderr], [2, `shoal: ${folder}: no whole checkpoint is there\n`]);
  await saveRounds(folder, checkpointTask(), [10]);
  await saveRounds(folder, checkpointTask({ seed: 2 }), [10]);
  const both = await run(t, "resume", folder);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /^shoal: .*: has checkpoints of several tasks: say which room, .*\n$/);
  const lone = await run(t, "join", "http://127.0.0.1:1", "--resume");
  assert.deepEqual([lone.code, lone.stderr], [2, "shoal: --resume: needs --checkpoint DIR\n"]);
});

void test("who resumes in a room that trains already is told that its checkpoint is not used", async (t) => {
  const task = checkpointTask();
  const server = await startServer(t, { tasks: { main: task } });
  const folder = temporaryFolder(t);
  await saveCheckpoint({ folder, keep: 3, url: server.url, room: "main" }, task, replicaOf(task, 10));
  await start(t, "join", server.url).line(/training alone/);
  const resumed = start(t, "resume", folder);
  await resumed.line(/the room is training already: its model counts, not the checkpoint of round 10$/);
});
