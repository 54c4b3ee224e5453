import assert from "node:assert/strict";
import { after, test } from "node:test";
import { rewriteSignal } from "../../peer-node/candidate-rewriting.ts";
import { cleanup, createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { createRootlessLab } from "../labs/rootless.ts";
import { pause, within } from "../labs/real-time.ts";
import { nextText } from "./traffic.ts";

after(cleanup);

test("IPv4 candidates get the proxy's address, all others are left out", async () => {
  const asked: string[] = [];
  const replace = ({ address, port }: { address: string; port: number }) => {
    asked.push(`${address}:${port}`);
    return Promise.resolve({ address: "127.0.0.1", port: 9 });
  };
  const sdp = [
    "v=0",
    "a=candidate:1 1 UDP 2114977791 192.0.2.2 4000 typ host",
    "a=candidate:2 1 UDP 2116026111 2001:db8::2 4000 typ host",
    "a=candidate:3 1 tcp 2114977791 192.0.2.2 9 typ host tcptype active",
    "a=candidate:4 1 udp 2114977791 5b7a1c2e.local 4001 typ host generation 0",
    "a=end-of-candidates",
  ].join("\r\n");
  assert.deepEqual(await rewriteSignal({ type: "offer", sdp }, replace), {
    type: "offer",
    sdp: "v=0\r\na=candidate:1 1 UDP 2114977791 127.0.0.1 9 typ host\r\na=end-of-candidates",
  });
  const trickled = { candidate: "candidate:4 1 udp 2114977791 name.local 4001 typ host", sdpMid: "0" };
  assert.equal(await rewriteSignal({ type: "candidate", candidate: trickled }, replace), undefined);
  assert.deepEqual(asked, ["192.0.2.2:4000"]);
});

test("every packet of a link passes the proxy: counted, delayed, and stopped by a blackout", async () => {
  const lab = createRootlessLab({ createLink: createNodeDatachannelLink, seed: 3, delayMs: 30 });
  const { a, b } = await lab.pair();
  const sentMs = performance.now();
  const delayed = nextText(b);
  a.link.sendText("through the proxy");
  assert.equal(await delayed, "through the proxy");
  assert.ok(performance.now() - sentMs >= 29, "30 ms on the way");
  assert.ok(lab.counters().forwarded > 10);

  lab.set({ blackout: true, delayMs: 0 });
  await pause(40); // What was on its way has arrived.
  let arrived = 0;
  b.on.bytes = () => arrived++;
  const later = nextText(b);
  for (let i = 0; i < 5; i++) a.link.send("fragments", new Uint8Array(1_000));
  a.link.sendText("after the blackout");
  await pause(300);
  assert.equal(arrived, 0);
  assert.ok(lab.counters().dropped >= 1);
  lab.set({ blackout: false });
  assert.equal(await within(8_000, "control after the blackout", later), "after the blackout");
  await lab.close();
});

test("a mesh in the lab: every two peers have a link with faults of its own", async () => {
  const lab = createRootlessLab({ createLink: createNodeDatachannelLink, seed: 4, loss: 0.05 });
  const pairs = await lab.mesh(4);
  assert.deepEqual([...pairs.keys()], ["0-1", "0-2", "0-3", "1-2", "1-3", "2-3"]);
  await Promise.all(
    [...pairs.values()].map(async ({ a, b }) => {
      const text = nextText(b);
      a.link.sendText("hello");
      assert.equal(await text, "hello");
    }),
  );
  await lab.close();
});
