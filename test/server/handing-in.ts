/** Test peers that hand in a model as the real ones do. */
import { createModelUpload } from "../../shared/net/model-upload.ts";
import type { Replica } from "../../shared/net/model-upload.ts";
import { realClock } from "../labs/real-time.ts";
import { peerReport } from "./fixture.ts";
import type { TestSocket } from "./fixture.ts";

/** Answers the server's requests; returns the rounds handed in, one entry for each first part. */
export function handIn(socket: TestSocket, replica: () => Replica): number[] {
  const asked: number[] = [];
  const upload = createModelUpload({ clock: realClock, replica });
  socket.on("model", (request, answer) => {
    if (request.from === 0) asked.push(replica().round);
    answer(upload.answer(request));
  });
  return asked;
}

/** A member that says how good its model is. */
export function reportAccuracy(socket: TestSocket, accuracy: number, round = 4): void {
  const validation = { round, loss: 0.5, accuracy };
  socket.emit("report", peerReport({ round, loss: 0.25, validation }));
}
