/** Entry of the peer worker: the peer and its clocks live here, so that a hidden tab keeps its pace. */
import type { TabCommand, TabNews } from "../tab-messages.ts";
import { startTabPeer } from "./tab-peer.ts";
import type { TabPeer } from "./tab-peer.ts";

let peer: TabPeer | undefined;
const tell = (news: TabNews) => postMessage(news);

addEventListener("message", ({ data }: MessageEvent<TabCommand>) => {
  if (data.type === "start") peer ??= startTabPeer(data, tell);
  else peer?.take(data);
});
