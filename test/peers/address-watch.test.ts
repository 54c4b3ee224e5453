import assert from "node:assert/strict";
import { test } from "node:test";
import { watchAddresses } from "../../peer-node/address-watch.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";

test("an address that is lost is told, one that is new as well, and nothing once nobody asks", () => {
  const time = createVirtualTime();
  let addresses: readonly string[] = ["192.0.2.1"];
  const told: string[] = [];
  const stop = watchAddresses(
    time,
    (isOneLost) => told.push(isOneLost ? "lost" : "new"),
    () => new Set(addresses),
  );
  const seen = (...now: string[]) => {
    addresses = now;
    time.step();
    return told.splice(0);
  };
  assert.deepEqual(seen("192.0.2.1"), []);
  assert.deepEqual(seen(), ["lost"]);
  assert.deepEqual(seen("192.0.2.9"), ["new"]);
  assert.deepEqual(seen("192.0.2.9", "2001:db8::1"), ["new"]);
  assert.deepEqual(seen("192.0.2.1", "2001:db8::1"), ["lost"]);
  stop();
  assert.deepEqual(seen(), []);
});
