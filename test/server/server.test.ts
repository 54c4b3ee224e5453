import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { io } from "socket.io-client";
import { protocolVersion } from "../../shared/net/messages.ts";
import type { JoinRequest } from "../../shared/net/messages.ts";
import { createSignalingServer } from "../../signaling-server/server.ts";
import { restartMs } from "../../signaling-server/views.ts";
import { pause } from "../labs/real-time.ts";
import {
  connect,
  join,
  joinRequest,
  joined,
  next,
  offerTo,
  peerIdOf,
  startServer,
  testTask,
  waitMs,
} from "./fixture.ts";
import type { TestSocket } from "./fixture.ts";

/** Everything a socket has been told before an answer that is asked for now. */
async function toldUntilNow(socket: TestSocket): Promise<string[]> {
  const told: string[] = [];
  const listener = (event: string) => void told.push(event);
  socket.onAny(listener);
  await join(socket, joinRequest(1));
  socket.offAny(listener);
  return told.filter((event) => event !== "refused");
}

describe("joining over a socket", () => {
  test("a peer is welcomed, becomes ready, and everybody gets the view", async (t) => {
    const server = await startServer(t, { iceServers: ["stun:stun.example.org"] });
    const first = await joined(t, server, 1);
    assert.deepEqual(first.welcome.iceServers, ["stun:stun.example.org"]);
    assert.equal(first.welcome.task.name, "test");
    const announced = next(first.socket, "joined");
    const second = await joined(t, server, 2);
    assert.deepEqual(
      (await announced).peers.map(({ peerId }) => peerId),
      [second.peerId],
    );
    assert.deepEqual(
      second.welcome.roster.map(({ peerId }) => peerId),
      [first.peerId],
    );
    const views = [next(first.socket, "view"), next(second.socket, "view")];
    first.socket.emit("ready", { round: 0 });
    second.socket.emit("ready", { round: 0 });
    const expected = { epoch: 1, fromRound: 0, members: [first.peerId, second.peerId] };
    assert.deepEqual(await Promise.all(views), [expected, expected]);
    assert.deepEqual((await joined(t, server, 3)).welcome.view, expected);
  });

  const refusals: readonly [why: string, request: object, code: string, reason: RegExp][] = [
    [
      "another protocol",
      { protocol: 9, extra: 1 },
      "version",
      new RegExp(`protocol ${protocolVersion}, the peer 9: update`),
    ],
    ["an unknown room", { room: "nowhere" }, "room", /no room "nowhere".*"room", "other"/],
    ["a malformed id", { peerId: "me" }, "malformed", /peerId is "me": must be 32 hex digits/],
    ["an id that is connected", { peerId: peerIdOf(99) }, "taken", /connected already/],
    ["an unknown field", { admin: true }, "malformed", /admin/],
    ["an escape in a name", { name: "\u001b[2J" }, "malformed", /name is .*: must not hold control/],
    ["a C1 control in a name", { name: "a\u009b2J" }, "malformed", /name is .*: must not hold control/],
    ["a line separator in a name", { name: "a\u2028b" }, "malformed", /name is [^]*line separators/],
    ["a name that turns the line round", { name: "a\u202eb" }, "malformed", /name is .*: .* invisible ones/],
    ["a zero-width space for a name", { name: "\u200b" }, "malformed", /name is .*: .* invisible ones/],
    ["no name", { name: "" }, "malformed", /name is "": must have a character that can be seen/],
    ["spaces for a name", { name: " \u00a0\u3000" }, "malformed", /name is .*: .* can be seen/],
    ["fillers for a name", { name: "\u3164\u2800\ufe0f\u0301" }, "malformed", /name is .*: .* can be seen/],
    ["a bell in a backend", { backend: "cpu\u0007" }, "malformed", /backend is .*: must not hold control/],
    ["a name of 65 letters", { name: "x".repeat(65) }, "malformed", /name is/],
  ];
  test("names of all scripts, and emoji, are welcome", async (t) => {
    const server = await startServer(t);
    for (const [index, name] of ["Ünï", "名前", "נועה", "🐟", "❤️", "1", "-"].entries())
      await joined(t, server, index, { name });
  });

  for (const [why, change, code, reason] of refusals) {
    test(`${why} is refused with code "${code}", in the answer and as an event`, async (t) => {
      const server = await startServer(t);
      await joined(t, server, 99);
      const socket = await connect(t, server);
      const told = next(socket, "refused");
      const answer = await join(socket, { ...joinRequest(1), ...change });
      assert.ok(!answer.ok);
      assert.equal(answer.code, code);
      assert.match(answer.reason, reason);
      assert.deepEqual(await told, { event: "join", code, reason: answer.reason });
    });
  }

  test("a full room refuses the 33rd peer", async (t) => {
    const server = await startServer(t);
    await Promise.all(Array.from({ length: 32 }, (_, number) => joined(t, server, number)));
    const answer = await join(await connect(t, server), joinRequest(99));
    assert.equal(!answer.ok && answer.code, "full");
  });

  test("one connection joins once", async (t) => {
    const server = await startServer(t);
    const { socket } = await joined(t, server, 1);
    const answer = await join(socket, joinRequest(2, { room: "other" }));
    assert.equal(!answer.ok && answer.code, "taken");
  });
});

describe("relaying", () => {
  test("a signal reaches the peer it is for, with its sender's id, and nobody else", async (t) => {
    const server = await startServer(t);
    const [first, second, third] = [
      await joined(t, server, 1),
      await joined(t, server, 2),
      await joined(t, server, 3),
    ];
    const arrived = next(second.socket, "signal");
    const bystander = toldUntilNow(third.socket);
    first.socket.emit("signal", offerTo(second.peerId));
    assert.deepEqual(await arrived, {
      from: first.peerId,
      attempt: "1",
      data: offerTo("").data,
    });
    assert.deepEqual([...(await bystander), ...(await toldUntilNow(third.socket))], []);
  });

  test("a signal stays inside its room", async (t) => {
    const server = await startServer(t);
    const first = await joined(t, server, 1);
    const stranger = await joined(t, server, 2, { room: "other" });
    const refused = next(first.socket, "refused");
    first.socket.emit("signal", offerTo(stranger.peerId));
    assert.equal((await refused).code, "room");
    assert.deepEqual(await toldUntilNow(stranger.socket), []);
  });

  test("who has not joined relays nothing and reports nothing", async (t) => {
    const server = await startServer(t);
    const { peerId, socket: member } = await joined(t, server, 1);
    const socket = await connect(t, server);
    const refused = next(socket, "refused");
    socket.emit("signal", offerTo(peerId));
    assert.deepEqual(await refused, { event: "signal", code: "room", reason: "join a room first" });
    assert.deepEqual(await toldUntilNow(member), []);
  });
});

describe("leaving", () => {
  test("a goodbye is told as one, and the connection may join again", async (t) => {
    const server = await startServer(t);
    const [first, second] = [await joined(t, server, 1), await joined(t, server, 2)];
    const left = next(first.socket, "left");
    second.socket.emit("leave");
    assert.deepEqual(await left, { peerId: second.peerId, reason: "goodbye" });
    assert.equal((await join(second.socket, joinRequest(2))).ok, true);
  });

  test("a socket that breaks is told as lost, and the next view is without its peer", async (t) => {
    const server = await startServer(t);
    const [first, second] = [await joined(t, server, 1), await joined(t, server, 2)];
    const both = next(first.socket, "view");
    first.socket.emit("ready", { round: 0 });
    second.socket.emit("ready", { round: 0 });
    await both;
    const [left, view] = [next(first.socket, "left"), next(first.socket, "view")];
    // The transport dies under the socket: no goodbye of any layer above it.
    second.socket.io.engine.close();
    assert.deepEqual(await left, { peerId: second.peerId, reason: "connection lost" });
    assert.deepEqual((await view).members, [first.peerId]);
  });

  test("a server that restarts gets its room back from the peers that resume", async (t) => {
    const before = await createSignalingServer({ tasks: { room: testTask() }, host: "127.0.0.1", port: 0 });
    const { socket } = await joined(t, before, 1);
    const gone = next(socket, "disconnect");
    await before.close();
    await gone;
    const after = await startServer(t, { port: before.port });
    const back = await connect(t, after);
    const resumed: Partial<JoinRequest> = { resume: { epoch: 5, round: 80 } };
    assert.equal((await join(back, joinRequest(1, resumed))).ok, true);
    await pause(0.6 * restartMs); // it waits for others
    const view = next(back, "view");
    assert.equal((await view).epoch, 6);
    assert.ok((await view).fromRound > 80);
  });
});

describe("who may connect", () => {
  const origins: readonly [origin: string | undefined, welcome: boolean][] = [
    [undefined, true],
    ["own", true],
    ["https://elsewhere.example", false],
    ["https://allowed.example", true],
    ["https://allowed.example:444", false],
    ["null", false],
  ];
  for (const [origin, welcome] of origins) {
    test(`origin ${origin ?? "absent (a Node peer)"}: ${welcome ? "welcome" : "turned away"}`, async (t) => {
      const server = await startServer(t, { allowOrigins: ["https://allowed.example"] });
      const headers = origin === undefined ? {} : { Origin: origin === "own" ? server.url : origin };
      const socket: TestSocket = io(server.url, {
        transports: ["websocket"],
        forceNew: true,
        reconnection: false,
        extraHeaders: headers,
      });
      t.after(() => socket.disconnect());
      const outcome = await new Promise((resolve) => {
        socket.once("connect", () => resolve(true));
        socket.once("connect_error", () => resolve(false));
        setTimeout(resolve, waitMs, "nothing").unref();
      });
      assert.equal(outcome, welcome);
    });
  }
});

describe("starting", () => {
  test("a port that is taken is said in one sentence with its code", async (t) => {
    const { port } = await startServer(t);
    await assert.rejects(createSignalingServer({ tasks: { room: testTask() }, host: "127.0.0.1", port }), {
      code: "EADDRINUSE",
      message: `port ${port} is taken: choose another or stop what listens there`,
    });
  });
});
