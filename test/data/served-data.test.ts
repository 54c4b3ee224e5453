import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { realClock } from "../../peer-node/real-clock.ts";
import type { DataSpec, TaskInput } from "../../shared/core/task.ts";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { createHttpSource } from "../../shared/training/data/http-source.ts";
import { loadData } from "../../shared/training/data/load-data.ts";
import { startServer } from "../server/fixture.ts";
import {
  cifarFile,
  dataFolder,
  specOf,
  taskOf,
  tinyAtis,
  writeAtis,
  writeCifar,
  writeMnist,
} from "./tiny-files.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** As it is: no client of this machine tidies the path. */
function get(
  url: string,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () => {
        const { statusCode: status = 0 } = response;
        resolve({ status, headers: response.headers, body: Buffer.concat(pieces) });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

interface Counted extends DataSource {
  bytes: number;
  requests: number;
}

function sourceAt(url: string): Counted {
  const counted: Pick<Counted, "bytes" | "requests"> = { bytes: 0, requests: 0 };
  const source = createHttpSource({
    url,
    clock: realClock,
    async fetch(...asked) {
      const response = await fetch(...asked);
      counted.requests += 1;
      if (asked[1]?.method !== "HEAD") counted.bytes += Number(response.headers.get("content-length"));
      return response;
    },
  });
  return Object.assign(counted, source);
}

async function served(t: TestContext, data: TaskInput["data"], folder = dataFolder(t)) {
  const tasks = { room: taskOf(data) };
  const server = await startServer(t, { tasks, data: createFolderSource(folder.path) });
  return { folder, url: server.url };
}

const mnistTask = { kind: "mnist", shards: 4, seed: 1, validationSamples: 5 } as const;

test("a file comes whole, in a range, or not again", async (t) => {
  const folder = dataFolder(t);
  writeMnist(folder);
  const { url } = await served(t, mnistTask, folder);
  const path = "/api/data/mnist/t10k-labels-idx1-ubyte";
  const whole = await get(url, path);
  assert.equal(whole.status, 200);
  assert.equal(whole.body.length, 28);
  assert.equal(whole.headers["cache-control"], "private, no-cache");
  assert.equal(whole.headers["cross-origin-resource-policy"], "same-origin");
  const head = await get(url, path, {}, "HEAD");
  assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, "28", 0]);

  const ranges = [
    ["bytes=8-11", "bytes 8-11/28", [0, 1, 2, 3]],
    ["bytes=26-", "bytes 26-27/28", [8, 9]],
    ["bytes=-1", "bytes 27-27/28", [9]],
    ["bytes=26-900", "bytes 26-27/28", [8, 9]],
  ] as const;
  for (const [range, content, bytes] of ranges) {
    const part = await get(url, path, { range });
    assert.deepEqual([part.status, part.headers["content-range"], [...part.body]], [206, content, bytes]);
  }
  assert.equal((await get(url, path, { range: "bytes=28-" })).status, 416);
  assert.equal((await get(url, path, { range: "bytes=0-1,4-5" })).status, 200);
  const etag = String(whole.headers["etag"]);
  assert.equal((await get(url, path, { "if-none-match": etag })).status, 304);
  assert.equal((await get(url, path, { range: "bytes=0-1", "if-range": '"other"' })).status, 200);
});

test("only the files of the server's tasks are there", async (t) => {
  const [folder, outside] = [dataFolder(t), dataFolder(t)];
  writeAtis(folder);
  outside.write("secret", "secret");
  folder.write("other.txt", "not of any task");
  folder.write(".env", "secret");
  symlinkSync(outside.path, join(folder.path, "linked"));
  const { url } = await served(t, tinyAtis, folder);
  assert.equal((await get(url, "/api/data/atis/train/seq.in")).status, 200);
  const paths = [
    "../secret",
    "%2e%2e/secret",
    "atis/../other.txt",
    "atis/train/%2e%2e/%2e%2e/other.txt",
    "..%2fsecret",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "other.txt",
    ".env",
    "linked/secret",
    "linked/",
    "atis/test/seq.in",
    "atis/train",
    "atis/train/seq.in/",
    "atis\\train\\seq.in",
    "atis/train/seq.in%00",
    "%zz",
    "",
    "/",
  ];
  for (const path of paths) {
    const { status, body } = await get(url, `/api/data/${path}`);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.ok(!body.includes("secret"), path);
  }
  const listing = await get(url, "/api/data/atis/train/");
  assert.deepEqual(JSON.parse(listing.body.toString()), ["label", "seq.in", "seq.out"]);
  for (const method of ["POST", "PUT", "DELETE"])
    assert.equal((await get(url, "/api/data/atis/train/seq.in", {}, method)).status, 404);
});

test("other sites' pages get nothing; a server without data has no such address", async (t) => {
  const folder = dataFolder(t);
  writeAtis(folder);
  const { url } = await served(t, tinyAtis, folder);
  const path = "/api/data/atis/train/label";
  for (const site of ["cross-site", "same-site"])
    assert.equal((await get(url, path, { "sec-fetch-site": site })).status, 403);
  assert.equal((await get(url, path, { "sec-fetch-site": "same-origin" })).status, 200);
  const bare = await startServer(t, { tasks: { room: taskOf(tinyAtis) } });
  assert.equal((await get(bare.url, path)).status, 404);
});

const loaders: readonly (readonly [what: string, spec: DataSpec])[] = [
  ["atis", specOf(tinyAtis)],
  ["mnist by chance", specOf(mnistTask)],
  ["mnist by label", specOf({ ...mnistTask, split: { by: "label", alpha: 0.5 } })],
  ["cifar10 by chance", specOf({ kind: "cifar10", shards: 64, seed: 1, validationSamples: 20 })],
  [
    "cifar10 by label",
    specOf({
      kind: "cifar10",
      shards: 64,
      seed: 1,
      validationSamples: 20,
      split: { by: "label", alpha: 0.5 },
    }),
  ],
  [
    "csv",
    specOf({
      kind: "csv",
      file: "a.csv",
      label: "x",
      columns: 1,
      classes: ["a", "b"],
      shards: 2,
      seed: 1,
      validationSamples: 3,
    }),
  ],
  [
    "text",
    specOf({
      kind: "text",
      file: "a.txt",
      shards: 2,
      seed: 1,
      characters: 4,
      context: 3,
    }),
  ],
];

for (const [what, spec] of loaders) {
  test(`${what}: over HTTP the same data as from the folder, and no more bytes than said`, async (t) => {
    const folder = dataFolder(t);
    writeAtis(folder);
    writeMnist(folder);
    writeCifar(folder, [
      ["data_batch_1", 3_073 * 17, 3],
      ["data_batch_4", 3_073 * 9_999, 7],
      ["data_batch_4", 3_073 * 9_999 + 5, 200],
    ]);
    folder.write("a.csv", `x,y\n${"a,1\nb,2\n".repeat(6)}`);
    folder.write("a.txt", "abcä".repeat(100));
    const { url } = await served(t, spec, folder);
    const source = sourceAt(url);
    const shard = 3;
    assert.deepEqual(
      await loadData(spec, { shard, source }),
      await loadData(spec, { shard, source: createFolderSource(folder.path) }),
    );
    const info: unknown = await (await fetch(`${url}/api/rooms/room`)).json();
    assert.ok(typeof info === "object" && info && "downloadBytes" in info);
    const said = Number(info.downloadBytes);
    const slack = 16 * 3_073 + 200;
    assert.ok(Math.abs(source.bytes - said) <= slack, `${source.bytes} read, ${said} said`);
    assert.ok(source.requests < 60, `${source.requests} requests`);
  });
}

test("what is said to be downloaded: nothing for glyphs, unknown where the server has no data", async (t) => {
  const info = async (options: Parameters<typeof startServer>[1]) => {
    const { url } = await startServer(t, options);
    const answer: unknown = await (await fetch(`${url}/api/rooms/room`)).json();
    return typeof answer === "object" && answer && "downloadBytes" in answer
      ? answer.downloadBytes
      : "nothing";
  };
  assert.equal(await info({}), 0);
  assert.equal(await info({ tasks: { room: taskOf(tinyAtis) } }), null);
});

test("records that are no records of the file are refused", async (t) => {
  const folder = dataFolder(t);
  writeMnist(folder);
  const { url } = await served(t, mnistTask, folder);
  const path = "/api/data/mnist/train-images-idx3-ubyte";
  const good = { record: "784", start: "16", from: "0", length: "1", first: "0", take: "AQ" };
  const ask = (changes: Partial<typeof good>) =>
    get(url, `${path}?${new URLSearchParams({ ...good, ...changes })}`);
  assert.deepEqual([...(await ask({})).body], [0]);
  assert.deepEqual([...(await ask({ first: "38", take: "Aw" })).body], [38, 39]);
  for (const changes of [
    { first: "40" },
    { take: "A" },
    { take: "AA" },
    { length: "0" },
    { from: "784" },
    { record: "-1" },
    { record: "1e9" },
    { take: "A".repeat(5_000) },
    { start: "999999" },
    // Within the file, but not its records.
    { record: "1000" },
    { start: "0" },
  ])
    assert.equal((await ask(changes)).status, 400, JSON.stringify(changes));
  assert.equal((await get(url, `${path}?x=1`)).status, 400);
  const labels = path.replace("images-idx3", "labels-idx1");
  const other = new URLSearchParams({ ...good, record: "1", start: "8" });
  assert.equal((await get(url, `${labels}?${other}`)).status, 400, "a file that is not read by records");
});

test("many readers at once are all served", async (t) => {
  const folder = dataFolder(t);
  writeCifar(folder);
  const { url } = await served(t, { kind: "cifar10", shards: 4, seed: 1 }, folder);
  const warnings: Error[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on("warning", listener);
  t.after(() => process.off("warning", listener));
  const whole = await get(url, `/api/data/${cifarFile("data_batch_1")}`);
  assert.equal(whole.body.length, 30_730_000);
  const range = { range: "bytes=0-300000" };
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => get(url, `/api/data/${cifarFile("data_batch_1")}`, range)),
  );
  assert.ok(answers.every(({ status, body }) => status === 206 && body.length === 300_001));
  assert.deepEqual(warnings, []);
});

test("readers that go away in the middle make room for others, and nobody reports a failure", async (t) => {
  const folder = dataFolder(t);
  writeCifar(folder);
  const lines: string[] = [];
  const server = await startServer(t, {
    tasks: { room: taskOf({ kind: "cifar10", shards: 4, seed: 1 }) },
    data: createFolderSource(folder.path),
    log: (line) => void lines.push(line),
  });
  const address = `${server.url}/api/data/${cifarFile("data_batch_1")}`;
  for (let reader = 0; reader < 40; reader++) {
    const stopping = new AbortController();
    const { body } = await fetch(address, { signal: stopping.signal });
    const stream = body?.getReader();
    await stream?.read();
    stopping.abort();
    await assert.rejects(async () => {
      while (!(await stream?.read())?.done);
    });
  }
  const answer = await fetch(address, { headers: { range: "bytes=0-9" } });
  assert.equal((await answer.arrayBuffer()).byteLength, 10);
  assert.deepEqual(lines, []);
});
