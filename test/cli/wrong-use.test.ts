/** Wrong use is one sentence with the value and a hint, a documented exit code, and never takes 10 s. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { Server as SocketServer } from "socket.io";
import { limits } from "../../shared/net/messages.ts";
import { joined, startServer, testTask } from "../server/fixture.ts";
import { run, temporaryFile } from "./command.ts";

interface WrongUse {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const usage: readonly WrongUse[] = [
  { what: "unknown command", args: ["jion"], code: 2, says: /\(jion\): did you mean join\?/ },
  {
    what: "unknown option",
    args: ["demo", "--pears", "3"],
    code: 2,
    says: /\(--pears\): did you mean --peers\?/,
  },
  { what: "option before the command", args: ["--loss"], code: 2, says: /unknown option \(--loss\)/ },
  { what: "no URL", args: ["join"], code: 2, says: /URL \(nothing\): shoal join URL/ },
  { what: "one argument too many", args: ["serve", "now"], code: 2, says: /argument \(now\)/ },
  {
    what: "URL without scheme",
    args: ["join", "localhost:8080"],
    code: 2,
    says: /did you mean http:\/\/localhost:8080/,
  },
  {
    what: "URL of another kind",
    args: ["join", "ftp://x/y"],
    code: 2,
    says: /\(ftp:\/\/x\/y\): must be http/,
  },
  {
    what: "URL of another page",
    args: ["join", "http://x/rooms/a"],
    code: 2,
    says: /must be http.*\/join\/ROOM/,
  },
  {
    what: "impossible room",
    args: ["join", "http://x/join/A"],
    code: 2,
    says: /room \(A\): must be lower-case/,
  },
  {
    what: "option without value",
    args: ["join", "http://x", "--name", "--json"],
    code: 2,
    says: /--name \(nothing\)/,
  },
  {
    what: "loss out of range",
    args: ["demo", "--loss", "1.5"],
    code: 2,
    says: /--loss \(1\.5\): must be a number from 0/,
  },
  {
    what: "negative number",
    args: ["demo", "--peers", "-1"],
    code: 2,
    says: /--peers \(-1\): must be a whole number/,
  },
  {
    what: "no number",
    args: ["serve", "--port", "web"],
    code: 2,
    says: /--port \(web\): must be a whole number/,
  },
  {
    what: "unknown stack",
    args: ["join", "http://x", "--webrtc", "x"],
    code: 2,
    says: /\(x\): must be one of native, wrtc/,
  },
  {
    what: "two outputs",
    args: ["join", "http://x", "--json", "--quiet"],
    code: 2,
    says: /--quiet \(with --json\)/,
  },
  {
    what: "unknown backend",
    args: ["join", "http://x", "--backend", "cuda"],
    code: 2,
    says: /\(cuda\): must be one of auto, webgpu, tensorflow, wasm, cpu/,
  },
  {
    what: "no number of a card",
    args: ["join", "http://x", "--device", "first"],
    code: 2,
    says: /--device \(first\): must be a whole number from 0/,
  },
  {
    what: "a card for a backend that uses none",
    args: ["join", "http://x", "--backend", "wasm", "--device", "3"],
    code: 2,
    says: /--device \(3\): --backend wasm uses no graphics card/,
  },
  {
    what: "too little memory to mean it",
    args: ["join", "http://x", "--max-memory", "2"],
    code: 2,
    says: /--max-memory \(2\): must be a whole number from 64/,
  },
  {
    what: "an address for the doctor that is none",
    args: ["doctor", "--ice-server", "example.org"],
    code: 2,
    says: /\(example\.org\): must be stun:/,
  },
  {
    what: "an address for the doctor that is no more than a scheme",
    args: ["doctor", "--ice-server", "stun:///"],
    code: 2,
    says: /\(stun:\/\/\/\): must be stun:/,
  },
  {
    what: "a data folder for the doctor that is none",
    args: ["doctor", "--data-dir", "/nowhere"],
    code: 2,
    says: /\(\/nowhere\): must be a folder/,
  },
  {
    what: "a name of nothing that can be seen",
    args: ["join", "http://x", "--name", " "],
    code: 2,
    says: /--name \( \): must have a character that can be seen/,
  },
  {
    what: "unknown task",
    args: ["serve", "--task", "glyphs-cn"],
    code: 2,
    says: /\(glyphs-cn\): did you mean glyphs-cnn\?/,
  },
  {
    what: "a folder for a task file",
    args: ["serve", "--task", "/tmp"],
    code: 2,
    says: /task file \(\/tmp\): it is a folder/,
  },
  {
    what: "no task file",
    args: ["serve", "--task", "none.json"],
    code: 2,
    says: /\(none\.json\): there is no such file/,
  },
  {
    what: "more slow peers than peers",
    args: ["simulate", "--peers", "2", "--slow", "3"],
    code: 2,
    says: /--slow \(3\)/,
  },
  {
    what: "no peer alive",
    args: ["simulate", "--peers", "2", "--dead", "2"],
    code: 2,
    says: /--dead \(2\): must be less than --peers \(2\)/,
  },
  {
    what: "figures that can't be written, before the run",
    args: ["simulate", "--json", "/nowhere/figures.json"],
    code: 2,
    says: /--json \(\/nowhere\/figures\.json\): ENOENT/,
  },
  {
    what: "ICE server",
    args: ["serve", "--ice-server", "http://x"],
    code: 2,
    says: /\(http:\/\/x\): must be stun:/,
  },
  {
    what: "an ICE server with slashes, as a page has them",
    args: ["serve", "--ice-server", "stun://host:3478"],
    code: 2,
    says: /\(stun:\/\/host:3478\): must be stun:/,
  },
  {
    what: "a TURN server with half a password",
    args: ["serve", "--ice-server", "turn:user@host"],
    code: 2,
    says: /\(turn:user@host\): must be stun:.*turn:USER:PASSWORD@HOST/,
  },
  {
    what: "a TURN server without a password, and no secret to mint one",
    args: ["serve", "--ice-server", "stun:a", "--ice-server", "turn:u:p@b", "--ice-server", "turn:c:1"],
    code: 2,
    says: /--ice-server \(turn:c:1\): needs turn:USER:PASSWORD@HOST:PORT, or --turn-secret/,
  },
  {
    what: "an origin with a path",
    args: ["serve", "--allow-origin", "https://a.example/page"],
    code: 2,
    says: /--allow-origin \(https:\/\/a\.example\/page\): must be https:\/\/HOST/,
  },
  {
    what: "an empty TURN secret",
    args: ["serve", "--turn-secret", "", "--ice-server", "turn:host"],
    code: 2,
    says: /--turn-secret \(nothing\)/,
  },
  {
    what: "a TURN secret for no TURN server",
    args: ["serve", "--turn-secret", "hidden", "--ice-server", "stun:host"],
    code: 2,
    says: /^(?!.*hidden).*--turn-secret \(…\): needs a TURN server without a password/,
  },
  {
    what: "host of no one",
    args: ["serve", "--host", "192.0.2.1", "--port", "0"],
    code: 2,
    says: /\(192\.0\.2\.1\): no address/,
  },
];

function check(
  t: TestContext,
  ended: Awaited<ReturnType<typeof run>>,
  { code, says }: Omit<WrongUse, "what" | "args">,
): void {
  assert.equal(ended.code, code, ended.stderr);
  assert.match(ended.stderr, /^shoal: [^\n]+\n$/);
  assert.match(ended.stderr, says);
  assert.equal(ended.stdout, "");
  assert.ok(ended.seconds < 10, `${t.name} took ${ended.seconds} s`);
}

void describe("wrong use", { concurrency: 2 }, () => {
  for (const each of usage) void test(each.what, async (t) => check(t, await run(t, ...each.args), each));

  void test("a malformed task file: the field, its value and what was expected", async (t) => {
    const file = temporaryFile(t, "task.json", JSON.stringify({ ...testTask(), batch: 0 }));
    check(t, await run(t, "demo", "--task", file), { code: 2, says: /task\.json\): task: batch is 0/ });
  });

  void test("a task file that is no JSON", async (t) => {
    const file = temporaryFile(t, "task.json", "{ name: x }");
    check(t, await run(t, "serve", "--task", file), { code: 2, says: /task\.json\): no valid JSON/ });
  });

  void test("port taken", async (t) => {
    const port = await listening(t, createTcpServer());
    const says = new RegExp(`port \\(${port}\\): taken, choose another with --port`);
    check(t, await run(t, "serve", "--port", String(port)), { code: 3, says });
    check(t, await run(t, "demo", "--port", String(port)), { code: 3, says });
  });
});

void describe("a server that is none", { concurrency: 2 }, () => {
  void test("nobody listens there", async (t) => {
    const closed = createTcpServer();
    const port = await listening(t, closed);
    closed.close();
    await once(closed, "close");
    check(t, await join(t, port), { code: 3, says: /connection refused, is `shoal serve` running there\?/ });
  });

  void test("a web server", async (t) => {
    const port = await listening(
      t,
      createServer((_, response) => response.end("hello")),
    );
    check(t, await join(t, port), { code: 3, says: /something else than a Shoal server answers/ });
  });

  void test("a server that never says a word", async (t) => {
    const port = await listening(t, createTcpServer());
    check(t, await join(t, port), { code: 3, says: /no answer in time/ });
  });

  void test("a socket.io server of something else", async (t) => {
    const http = createServer();
    const io = new SocketServer(http);
    t.after(() => io.close());
    const port = await listening(t, http);
    check(t, await join(t, port), { code: 3, says: /does not answer as a Shoal server would/ });
  });
});

void describe("a server that refuses", { concurrency: 2 }, () => {
  void test("no such room: the ones that there are", async (t) => {
    const { port } = await startServer(t);
    check(t, await join(t, port, "/join/mine"), {
      code: 4,
      says: /no room "mine": this server has "room", "other"/,
    });
  });

  void test("another protocol version", async (t) => {
    const http = createServer();
    const io = new SocketServer(http);
    t.after(() => io.close());
    io.on("connection", (socket) => {
      socket.on("join", (_: unknown, answer: (refusal: object) => void) =>
        answer({
          ok: false,
          code: "version",
          reason: "the server speaks protocol 9, the peer 1: update the peer",
        }),
      );
    });
    const port = await listening(t, http);
    check(t, await join(t, port), { code: 4, says: /protocol 9, the peer 1: update the peer/ });
  });

  void test("a reason that would command the terminal", async (t) => {
    const http = createServer();
    const io = new SocketServer(http);
    t.after(() => io.close());
    const refusal = { ok: false, code: "room", reason: "\x1b[2Jno\n\u009b1mroom" };
    io.on("connection", (socket) => {
      socket.on("join", (_: unknown, answer: (refusal: object) => void) => answer(refusal));
    });
    const port = await listening(t, http);
    check(t, await join(t, port), { code: 4, says: /^shoal: \ufffd\[2Jno\ufffd\ufffd1mroom\n$/ });
  });

  void test("room full", async (t) => {
    const server = await startServer(t);
    for (let number = 0; number < limits.membersPerRoom; number++) await joined(t, server, number);
    check(t, await join(t, server.port, "/join/room"), { code: 4, says: /room "room" is full/ });
  });
});

function join(t: TestContext, port: number, path = "") {
  return run(t, "join", `http://127.0.0.1:${port}${path}`, "--json").then((ended) => {
    // The last JSON line says the same to programs.
    const { stdout, ...rest } = ended;
    return { ...rest, stdout: stdout.replace(/^\{"event":"end".*"exitCode":[34].*\}\n$/, "") };
  });
}

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0);
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
