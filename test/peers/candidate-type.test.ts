/** How direct a path is, as both WebRTC stacks report it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { leastDirect } from "../../shared/net/candidate-type.ts";
import { summariseStats } from "../../shared/net/simple-peer-stats.ts";

const ends: readonly [local: string | undefined, remote: string | undefined, path: string | undefined][] = [
  ["host", "host", "host"],
  ["host", "prflx", "prflx"],
  ["srflx", "host", "srflx"],
  ["host", "relay", "relay"],
  ["relay", "host", "relay"],
  ["srflx", "relay", "relay"],
  ["host", undefined, "host"],
  ["new kind", undefined, undefined],
];
for (const [local, remote, path] of ends) {
  test(`from ${local} to ${remote} the path is ${path}`, () => {
    assert.equal(leastDirect([local, remote]), path);
    const entries = [
      { id: "l", type: "local-candidate", candidateType: local },
      { id: "r", type: "remote-candidate", candidateType: remote },
      { id: "old", type: "candidate-pair", nominated: true, state: "failed", localCandidateId: "l" },
      {
        id: "pair",
        type: "candidate-pair",
        nominated: true,
        state: "succeeded",
        localCandidateId: "l",
        remoteCandidateId: "r",
      },
    ];
    const report = new Map(entries.map((entry) => [entry.id, entry]));
    assert.equal(summariseStats(report).candidateType, path);
  });
}
