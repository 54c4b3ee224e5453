import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { watchAddresses } from "../../peer-node/address-watch.ts";
import { followNetworks, localAddressOf } from "../../peer-node/follow-networks.ts";
import { connectSignaling } from "../../shared/net/signaling-client.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { openRoom, toyTask } from "./room.ts";

test("an address that is lost is told, one that is new as well, and nothing once nobody asks", () => {
  const time = createVirtualTime();
  let addresses: readonly string[] = ["192.0.2.1"];
  const told: string[] = [];
  const stop = watchAddresses(
    time,
    (lost) => told.push(lost.length > 0 ? `lost ${lost.join()}` : "new"),
    () => new Set(addresses),
  );
  const seen = (...now: string[]) => {
    addresses = now;
    time.step();
    return told.splice(0);
  };
  assert.deepEqual(seen("192.0.2.1"), []);
  assert.deepEqual(seen(), ["lost 192.0.2.1"]);
  assert.deepEqual(seen("192.0.2.9"), ["new"]);
  assert.deepEqual(seen("192.0.2.9", "2001:db8::1"), ["new"]);
  assert.deepEqual(seen("192.0.2.1", "2001:db8::1"), ["lost 192.0.2.9"]);
  stop();
  assert.deepEqual(seen(), []);
});

/** What the networks make of a socket: each call takes the next half second's addresses. */
function followed(t: TestContext, ...first: string[]) {
  const time = createVirtualTime();
  let addresses = first;
  let carrier: unknown;
  const done: string[] = [];
  const signaling = {
    renew: () => void done.push("renew"),
    hurry: () => void done.push("hurry"),
    carrier: () => carrier,
  };
  t.after(followNetworks(signaling, time, () => new Set(addresses)));
  return {
    isOn: (localAddress: string | undefined) =>
      void (carrier = localAddress === undefined ? undefined : { ws: { _socket: { localAddress } } }),
    carriedBy: (it: unknown) => void (carrier = it),
    seen(...now: string[]) {
      addresses = now;
      time.step();
      return done.splice(0);
    },
    waitMs(ms: number) {
      const until = time.now() + ms;
      time.runUntil(() => time.now() >= until);
    },
  };
}

test("a socket is renewed where its own address is lost, and not for one of a container or a tunnel", (t) => {
  const { isOn, carriedBy, seen } = followed(t, "192.0.2.1", "172.18.0.1", "2001:db8::1");
  isOn("192.0.2.1");
  assert.deepEqual(seen("192.0.2.1", "2001:db8::1"), [], "the container's");
  assert.deepEqual(seen("192.0.2.1", "2001:db8::2"), [], "the privacy address");
  for (const unknown of [{}, { ws: null }, { ws: { _socket: undefined } }, "polling"]) {
    carriedBy(unknown);
    assert.deepEqual(seen("2001:db8::2"), [], "nobody knows whose");
    assert.deepEqual(seen("192.0.2.1", "2001:db8::2"), []);
  }
  isOn("192.0.2.1");
  assert.deepEqual(seen("2001:db8::2"), ["renew"]);
});

test("a socket that is down is tried at once when an address is lost for another one, or is new", (t) => {
  const { isOn, seen, waitMs } = followed(t, "192.0.2.1");
  isOn(undefined);
  assert.deepEqual(seen("192.0.2.9"), ["hurry"]);
  waitMs(3_000);
  assert.deepEqual(seen("192.0.2.9", "2001:db8::1"), ["hurry"]);
});

test("an address that comes and goes all the time does not keep a peer out", (t) => {
  const { isOn, seen, waitMs } = followed(t, "192.0.2.1");
  const flap = () => [...seen(), ...seen("192.0.2.1")];
  isOn("192.0.2.1");
  assert.deepEqual([...flap(), ...flap(), ...flap()], ["renew"]);
  waitMs(10_000);
  assert.deepEqual([...flap(), ...flap()], ["renew"]);
  isOn(undefined);
  assert.deepEqual([...flap(), ...flap(), ...flap()], ["hurry"]);
});

test("the address of a real socket is known while it is up", async (t) => {
  const { server } = await openRoom(t, toyTask());
  const result = await connectSignaling(`http://127.0.0.1:${server.port}`);
  assert.ok(result.ok);
  const { signaling } = result;
  assert.equal(localAddressOf(signaling.carrier()), "127.0.0.1");
  signaling.close();
  assert.equal(signaling.carrier(), undefined);
});
