/** Two peers that may reach each other over a relay only. Arguments: the TURN server, milliseconds to try. */
import assert from "node:assert/strict";
import { PeerConnection, cleanup } from "node-datachannel";
import { within } from "../labs/real-time.ts";

const [server = "", ms = "0"] = process.argv.slice(2);
const [a, b] = (["a", "b"] as const).map(
  (name) => new PeerConnection(name, { iceServers: [server], iceTransportPolicy: "relay" }),
);
assert.ok(a && b);
for (const [from, to] of [
  [a, b],
  [b, a],
] as const) {
  from.onLocalDescription((sdp, type) => to.setRemoteDescription(sdp, type));
  from.onLocalCandidate((candidate, mid) => {
    // No other path is ever offered to the other side.
    if (candidate.includes("typ relay")) to.addRemoteCandidate(candidate, mid);
  });
}
const channel = a.createDataChannel("test");
const channels = [channel];
const heard = new Promise<string>((resolve) =>
  b.onDataChannel((incoming) => {
    channels.push(incoming);
    incoming.onMessage((message) => resolve(typeof message === "string" ? message : "bytes"));
  }),
);
channel.onOpen(() => channel.sendMessage("by relay"));
process.stdout.write(await within(Number(ms), "by the relay", heard).catch(() => "nothing"));
// As in node-datachannel-link.ts: else cleanup() crashes now and then.
for (const each of channels) {
  each.onClosed(() => {});
  each.close();
}
a.close();
b.close();
// The library's threads would keep the process for minutes.
cleanup();
