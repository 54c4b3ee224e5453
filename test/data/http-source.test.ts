/** Servers that are gone, busy, broken, or mean harm: what a peer reads from them is what it asked for, or an error. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import type { VirtualTime } from "../../shared/simulation/virtual-time.ts";
import { createHttpSource } from "../../shared/training/data/http-source.ts";
import { portOf } from "../server/fixture.ts";

/** Real time, so many times as fast. */
const hurried = (times: number) => ({
  after(ms: number, run: () => void) {
    const timer = setTimeout(run, ms / times);
    return () => clearTimeout(timer);
  },
});

function sourceOf(fetch: typeof globalThis.fetch): DataSource {
  return createHttpSource({ url: "http://there:1", fetch, clock: hurried(100) });
}

const answering = (body: string | null, init?: ResponseInit) =>
  sourceOf(async () => new Response(body, init));

/** `seen`: paths that were asked for. */
async function serving(t: TestContext, listener: RequestListener, times = 100) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? "");
    listener(request, response);
  }).listen(0, "127.0.0.1");
  t.after(() => server.close().closeAllConnections());
  await once(server, "listening");
  const url = `http://127.0.0.1:${portOf(server)}`;
  return { url, seen, source: createHttpSource({ url, fetch, clock: hurried(times) }) };
}

const place = "http://there:1/api/data/";
const part = (range: string) => ({ status: 206, headers: { "content-range": range } });

test("a server that is gone is asked four times, a busy one for longer, and one sentence says which", async () => {
  let asked = 0;
  const gone = sourceOf(async () => {
    asked += 1;
    throw new TypeError("fetch failed");
  });
  await assert.rejects(gone.read("a/b"), {
    message: `a/b: it could not be read from ${place} (fetch failed): is the server still there?`,
  });
  assert.equal(asked, 4);
  const busy = answering("no", { status: 503 });
  await assert.rejects(busy.size("a/b"), { message: `a/b: the server ${place} says 503: try again later` });
});

test("a server that is busy for a while is waited for", async () => {
  let asked = 0;
  const source = sourceOf(async () => {
    asked += 1;
    return asked < 6 ? new Response("no", { status: 503 }) : new Response("abc");
  });
  assert.equal(Buffer.from(await source.read("a/b")).toString(), "abc");
});

test("a part is the part that was asked for, with all of its bytes", async () => {
  const range = { from: 2, length: 3 };
  const refused = (source: DataSource, message: string) =>
    assert.rejects(source.read("a/b", range), { message });
  assert.equal(Buffer.from(await answering("cde", part("bytes 2-4/9")).read("a/b", range)).toString(), "cde");
  assert.equal(Buffer.from(await answering("abcdef").read("a/b", range)).toString(), "cde");
  await refused(answering("cd", part("bytes 2-4/9")), `a/b: 2 bytes came from ${place}, expected are 3`);
  await refused(
    answering("cdef", part("bytes 2-4/9")),
    `a/b: more than 3 bytes came from ${place}, expected are 3`,
  );
  await refused(
    answering("abc", part("bytes 0-2/9")),
    `a/b: ${place} was asked for bytes 2-4 and sent bytes 0-2/9`,
  );
  await refused(answering("abc", { status: 206 }), `a/b: ${place} was asked for bytes 2-4 and sent nothing`);
  await refused(answering("abcd"), `a/b: 2 bytes came from ${place}, expected are 3`);
});

test("a file is as long as the server said it is", async () => {
  const source = sourceOf(async (_, init) =>
    init?.method === "HEAD"
      ? new Response(null, { headers: { "content-length": "12" } })
      : new Response("twelve bytes, and more"),
  );
  assert.equal(await source.size("a/b"), 12);
  await assert.rejects(source.read("a/b"), {
    message: `a/b: more than 12 bytes came from ${place}, expected are 12`,
  });
  for (const length of ["", "NaN", "-1", "1e9", "12, 12"])
    await assert.rejects(
      answering(null, { headers: { "content-length": length } }).size("a/b"),
      /^Error: a\/b: the server .+ does not say how long it is \(200\)$/,
    );
});

test("of a body without end no more is read than was asked for", async (t) => {
  let sent = 0;
  const { source } = await serving(t, (_, response) => {
    response.writeHead(206, { "content-range": "bytes 0-0/9" });
    const piece = Buffer.alloc(1024 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(piece)) sent += piece.length;
      response.once("drain", more);
    };
    more();
  });
  await assert.rejects(source.read("a/b", { from: 0, length: 1 }), /more than 1 bytes came/);
  await assert.rejects(
    source.gather("a/b", { start: 0, recordBytes: 1, from: 0, length: 1 }, Uint32Array.of(0)),
  );
  assert.ok(sent < 100e6, `${sent} bytes`);
});

test("silence, in the beginning and in the middle, has an end", async (t) => {
  const silent = await serving(t, () => {}, 500);
  await assert.rejects(silent.source.size("a/b"), /\(nothing came for 90 s\): is the server still there\?$/);
  const stop: RequestListener = (_, response) => {
    response.writeHead(200, { "content-length": "10" }).write("abc");
  };
  const stuck = await serving(t, stop, 500);
  await assert.rejects(stuck.source.read("a/b"), /\(nothing came for 90 s\): is the server still there\?$/);
});

test("one byte now and then is too slow", async () => {
  const time = createVirtualTime();
  const source = createHttpSource({ url: "http://there:1", fetch: dripping(time, 60_000), clock: time });
  const refused = assert.rejects(source.read("a/b"), /\(it came too slowly\): is the server still there\?$/);
  for (let isOver = false; !isOver;) {
    time.step();
    const turn = new Promise<false>((resolve) => setImmediate(resolve, false));
    isOver = await Promise.race([refused.then(() => true), turn]);
  }
});

/** Sooner than anybody takes it for silence. */
function dripping(time: VirtualTime, everyMs: number): typeof globalThis.fetch {
  return async (_, init) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        let cancel = time.after(everyMs, drip);
        function drip(): void {
          controller.enqueue(Uint8Array.of(1));
          cancel = time.after(everyMs, drip);
        }
        const stop = () => {
          cancel();
          controller.error(init?.signal?.reason);
        };
        init?.signal?.addEventListener("abort", stop, { once: true });
      },
    });
    return new Response(body, { headers: { "content-length": "1000" } });
  };
}

test("no redirection is followed", async (t) => {
  const { source, seen } = await serving(t, (_, response) => {
    response.writeHead(302, { location: "/private" }).end();
  });
  await assert.rejects(source.read("a/b"), /\(unexpected redirect\)/);
  assert.deepEqual([...new Set(seen)], ["/api/data/a/b"]);
});

test("a list of files is a list of names, and nothing else", async () => {
  const names = (list: unknown) => answering(JSON.stringify(list)).list("pets");
  assert.deepEqual(await names(["b.png", "a b.png"]), ["a b.png", "b.png"]);
  assert.deepEqual(await answering("", { status: 404 }).list("pets"), []);
  for (const list of ["no list", { a: 1 }, [".."], ["../../x"], [".hidden"], [7], ["x".repeat(256)]])
    await assert.rejects(names(list), {
      message: `pets: the server ${place} sends no list of its files (200)`,
    });
  await assert.rejects(answering("<html>").list("pets"), /^Error: pets: the server .+ sends no list/);
});

test("records longer than one answer are read by ranges", async () => {
  const length = 5 * 1024 * 1024;
  const asked: string[] = [];
  const source = sourceOf(async (_, init) => {
    const range = new Headers(init?.headers).get("range") ?? "";
    asked.push(range);
    return new Response(new Uint8Array(length).fill(asked.length), part(`${range.replace("=", " ")}/*`));
  });
  const field = { start: 3, recordBytes: length + 2, from: 1, length };
  const gathered = await source.gather("a/b", field, Uint32Array.of(0, 2));
  assert.deepEqual([gathered.length, gathered[0], gathered.at(-1)], [2 * length, 1, 2]);
  const second = 3 + 2 * (length + 2) + 1;
  assert.deepEqual(asked, [`bytes=4-${3 + length}`, `bytes=${second}-${second + length - 1}`]);
});
