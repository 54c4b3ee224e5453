import assert from "node:assert/strict";
import { test } from "node:test";
import { run, start, temporaryFile } from "./command.ts";
import { cifarFile, dataFolder, taskOf, writeCifar, writeMnist } from "../data/tiny-files.ts";

// Of this process and those it starts: what they find there would hide what the server hands out.
delete process.env["SHOAL_DATA"];

const mnist = { kind: "mnist", shards: 2, seed: 1, validationSamples: 5 } as const;
const taskFile = (t: Parameters<typeof temporaryFile>[0]) =>
  temporaryFile(t, "task.json", JSON.stringify(taskOf(mnist)));

test("a peer without --data-dir trains from the server's files, one with it from its own", async (t) => {
  const folder = dataFolder(t);
  writeMnist(folder, { gz: true });
  const server = start(t, "serve", "--task", taskFile(t), "--data-dir", folder.path, "--port", "0");
  const page = await server.line(/page {2}/);
  const url = /http:\S+?(?=\/$)/.exec(page)?.[0] ?? "";
  const peer = ["join", url, "--rounds", "3", "--json", "--backend", "cpu"];
  const [without, withOwn, withEmpty] = await Promise.all([
    run(t, ...peer),
    run(t, ...peer, "--data-dir", folder.path),
    run(t, ...peer, "--data-dir", dataFolder(t).path),
  ]);
  for (const { code, stdout, stderr } of [without, withOwn]) {
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split("\n").filter((line) => line.startsWith('{"event":"round"')).length, 3);
  }
  assert.match(without.stdout, /"event":"notice","text":"reading the data: \d\.\d MB from http:\S+"/);
  assert.match(withOwn.stdout, /"event":"notice","text":"reading the data in \/\S+"/);
  // Who names a folder has it read, and not the server asked.
  assert.notEqual(withEmpty.code, 0);
  assert.match(
    withEmpty.stderr,
    /^shoal: mnist\/t10k-images-idx3-ubyte\[\.gz\]: there is no such file in .+\n$/,
  );
});

test("a server without the files says so and goes on; a peer without them says so in one sentence", async (t) => {
  const server = start(t, "serve", "--task", taskFile(t), "--port", "0");
  const url = /http:\S+?(?=\/$)/.exec(await server.line(/page {2}/))?.[0] ?? "";
  const { code, stderr } = await run(t, "join", url, "--quiet");
  assert.notEqual(code, 0);
  assert.match(stderr, /^shoal: data \(mnist\): the server http:\S+ has none to hand out: --data-dir .+\n$/);
  server.kill("SIGINT");
  const ended = await server.ended();
  assert.equal(ended.code, 0);
  assert.match(ended.stderr, /peers need a --data-dir of their own \(docs\/data\.md\)/);
});

test("the operator learns what is wrong with the files, in one sentence", async (t) => {
  const folder = dataFolder(t);
  writeCifar(folder);
  folder.write(cifarFile("data_batch_4"), "short");
  const task = taskOf({ kind: "cifar10", shards: 4, seed: 1 });
  const file = temporaryFile(t, "task.json", JSON.stringify(task));
  const short = await run(t, "serve", "--task", file, "--data-dir", folder.path);
  assert.equal(short.code, 2);
  assert.match(
    short.stderr,
    /^shoal: data of tiny \(.+\): cifar-10-batches-bin\/data_batch_4\.bin: has 5 bytes, .+\n$/,
  );
  const without = await run(t, "demo", "--task", file);
  assert.equal(without.code, 2);
  assert.match(
    without.stderr,
    /^shoal: task tiny trains on files \(cifar10\), and without --data-dir this server has none/,
  );
});
