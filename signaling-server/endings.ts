/** Why a socket has ended: socket.io's words for it in ours. */
const connectionLost = "connection lost";
export const noAnswer = "no answer to pings";

const endings: Partial<Record<string, string>> = {
  "client namespace disconnect": "disconnected",
  "server namespace disconnect": "disconnected by the server",
  "ping timeout": noAnswer,
};

export const endingOf = (cause: string) => endings[cause] ?? connectionLost;

/** Nobody wanted it to end: the peer may be as well as before, and in its training. */
export const isLost = (reason: string) => reason === connectionLost || reason === noAnswer;
