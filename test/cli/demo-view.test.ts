import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { DemoPeer } from "../../peer-node/demo-peers.ts";
import { createDemoLines } from "../../peer-node/demo-view.ts";
import { createStyle } from "../../peer-node/style.ts";
import type { RoomStatus } from "../../shared/net/status.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { testTask } from "../server/fixture.ts";

const running: DemoPeer = {
  name: "peer-1",
  pid: 1,
  exitCode: undefined,
  lastWords: "",
  end: undefined,
  isAsked: false,
};

/** What the demo says after five seconds. */
function lineWith(peers: readonly DemoPeer[]): string {
  const clock = createVirtualTime();
  const out = new PassThrough();
  const style = createStyle({ color: false });
  const room = (): RoomStatus | undefined => undefined;
  createDemoLines(
    { task: testTask(), loss: 0, page: "", join: "", clock, style, room, peers: () => peers },
    out,
  );
  clock.step();
  return String(out.read()).trimEnd().split("\n").at(-1) ?? "";
}

void test("the demo starts until its peers train, and stops once they were asked to", () => {
  assert.match(lineWith([running, running]), /^0:05 {2}starting /);
  assert.match(lineWith([running, { ...running, isAsked: true }]), /^0:05 {2}stopping /);
  assert.match(lineWith([{ ...running, isAsked: true, exitCode: 0 }]), /^0:05 {2}ended /);
});
