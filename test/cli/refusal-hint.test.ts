import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerOutcome } from "../../shared/net/peer-events.ts";
import type { Refusal } from "../../shared/net/messages.ts";
import { refusalHint } from "../../peer-node/refusal-hint.ts";

const open = { server: "http://h:8080", room: "main" };
const refused = (code: Refusal["code"]): PeerOutcome => ({
  kind: "refused",
  refusal: { ok: false, code, reason: "no" },
});

test("who comes to a finished run is told where its model is, without the invite", () => {
  const hint = refusalHint(refused("finished"), open, 0);
  assert.equal(hint, "; to try or download its model, open http://h:8080/?room=main in a browser");
  const invited = refusalHint(refused("finished"), { ...open, invite: "a.b.c" }, 0);
  assert.equal(invited, "; to try or download its model, open its link in a browser");
  assert.equal(refusalHint(refused("full"), open, 0), "");
  assert.equal(refusalHint({ kind: "stopped" }, open, 0), "");
});
