/** Checkpoints that are damaged, and programs killed while they write one. Counts what should not be. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findCheckpoint } from "../../peer-node/checkpoints/find-checkpoint.ts";
import { readName } from "../../peer-node/checkpoints/file-names.ts";
import { createRng } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import type { Replica } from "../../shared/net/model-upload.ts";
import { pause, within } from "../labs/real-time.ts";
import type { Ending } from "../server/fixture.ts";
import { checkpointTask, contentOf, replicaOf, saveRounds, temporaryFolder } from "./fixture.ts";

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
function isHarmless(path: string, before: Buffer): boolean {
  try {
    const [then, now] = [before, readFileSync(path)].map((bytes) =>
      JSON.stringify(JSON.parse(bytes.toString())),
    );
    return then === now;
  } catch {
    return false;
  }
}

export interface DamageOptions {
  readonly count: number;
  readonly seed: number;
  onTurn?(turn: number): void;
}

export interface DamageFigures {
  /** Damaged checkpoints, or programs that were killed. */
  readonly count: number;
  /** Times that something else than the newest whole checkpoint was loaded. */
  readonly loaded: number;
  /** The ones before that were there, whole, and found. */
  readonly previousWhole: number;
  /** Times that a sentence was missing, was wrong, or too much. */
  readonly saidWrong: number;
  /** What each of those was about. */
  readonly faults: readonly string[];
}

const isReplica = (found: Replica | undefined, wanted: Replica) =>
  found?.round === wanted.round &&
  found.values.length === wanted.values.length &&
  found.values.every((value, at) => value === wanted.values[at]);

/** Of rounds 10, 20 and 30 the newest is damaged, one of its two files in each of five ways. */
export async function damageCheckpoints(
  t: Ending,
  { count, seed, onTurn }: DamageOptions,
): Promise<DamageFigures> {
  const task = checkpointTask();
  const original = temporaryFolder(t);
  await saveRounds(original, task, [10, 20, 30]);
  const before = contentOf(original);
  const folder = join(temporaryFolder(t), "copy");
  const rng = createRng(seed);
  const newest = [...before.keys()].filter((file) => readName(file)?.round === 30);
  const wanted = replicaOf(task, 20);
  const faults: string[] = [];
  let [loaded, previousWhole, saidWrong] = [0, 0, 0];
  for (let turn = 0; turn < count; turn++) {
    onTurn?.(turn);
    rmSync(folder, { recursive: true, force: true });
    cpSync(original, folder, { recursive: true });
    const file = newest[turn % newest.length] ?? "";
    const [what, damage] = damages[(turn >> 1) % damages.length] ?? ["untouched", () => {}];
    const path = join(folder, file);
    const bytes = readFileSync(path);
    do {
      writeFileSync(path, bytes);
      damage(path, rng);
    } while (isHarmless(path, bytes));
    const damaged = contentOf(folder);
    const said: string[] = [];
    const found = await findCheckpoint(folder, task, (sentence) => said.push(sentence));
    const after = contentOf(folder);
    const isFound = isReplica(found, wanted);
    const isUntouched = [...damaged].every(([name, digest]) => after.get(name) === digest);
    const isWhole = [...before].every(
      ([name, digest]) => newest.includes(name) || after.get(name) === digest,
    );
    // A manifest that is gone is a checkpoint that never was.
    const sentences = what === "gone" && file.endsWith(".json") ? 0 : 1;
    const isSaid =
      said.length === sentences &&
      said.every((sentence) => /^checkpoint .*-round-30\.json is not used: .+$/.test(sentence));
    loaded += Number(!isFound);
    previousWhole += Number(isFound && isWhole && isUntouched && after.size === damaged.size);
    saidWrong += Number(!isSaid);
    if (!isFound || !isWhole || !isUntouched || !isSaid)
      faults.push(`turn ${turn}: ${file} is ${what}: round ${found?.round} found, "${said.join("; ")}" said`);
  }
  return { count, loaded, previousWhole, saidWrong, faults };
}

export interface KillFigures extends DamageFigures {
  readonly written: number;
  /** Files that a kill left unfinished. */
  readonly unfinished: number;
  /** Files in the folder after four more checkpoints, of which three are kept: nothing unfinished stays. */
  readonly filesLeft: number;
}

/** SIGKILL to a program that writes one checkpoint after the other, at any moment of it. */
export async function killWriters(t: Ending, { count, seed, onTurn }: DamageOptions): Promise<KillFigures> {
  const child = fileURLToPath(new URL("save-child.js", import.meta.url));
  const hidden = 1_024;
  const task = checkpointTask({ model: { kind: "mlp", hidden: [hidden] } });
  const folder = temporaryFolder(t);
  const rng = createRng(seed);
  const { values } = replicaOf(task, 0);
  const faults: string[] = [];
  const said: string[] = [];
  let [round, loaded, previousWhole, unfinished] = [1, 0, 0, 0];
  for (let turn = 0; turn < count; turn++) {
    onTurn?.(turn);
    const args = [child, folder, `${hidden}`, `${round}`];
    const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => void writer.kill("SIGKILL"));
    let told = "";
    writer.stdout.setEncoding("utf8").on("data", (text: string) => (told += text));
    await within(20_000, "a first checkpoint", once(writer.stdout, "data"));
    await pause(rng.below(60));
    writer.kill("SIGKILL");
    await within(5_000, "the end", once(writer, "close"));
    // The last line may be cut off, too.
    const saved = Number(told.trimEnd().split("\n").at(-1));
    unfinished += [...contentOf(folder).keys()].filter((file) => file.endsWith(".tmp")).length;
    const found = await findCheckpoint(folder, task, (sentence) => said.push(sentence));
    values[0] = found?.round ?? NaN;
    const isWhole = found !== undefined && isReplica(found, { round: found.round, values });
    const isNewest = found !== undefined && found.round >= saved && found.round <= saved + 1;
    loaded += Number(found !== undefined && !isWhole);
    previousWhole += Number(isWhole && isNewest);
    if (!isWhole || !isNewest) faults.push(`turn ${turn}: round ${found?.round} found, ${saved} was saved`);
    round = (found?.round ?? round) + 1;
  }
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const file of contentOf(folder).keys()) utimesSync(join(folder, file), longAgo, longAgo);
  await saveRounds(folder, task, [round, round + 1, round + 2, round + 3]);
  const filesLeft = contentOf(folder).size;
  return {
    count,
    loaded,
    previousWhole,
    saidWrong: said.length,
    faults: [...faults, ...said],
    written: round - 1,
    unfinished,
    filesLeft,
  };
}
