/**
 * The other WebRTC stack in Node: simple-peer over the `wrtc` package (libwebrtc), for `--webrtc wrtc`. Not
 * installed with shoal: it is 26 MB and slower than node-datachannel.
 */
import { createSimplePeerLinks } from "../shared/net/simple-peer-link.ts";
import type { CreateLink } from "../shared/net/link.ts";

/** @throws Error with one sentence when the package is missing or has no binary for this machine. */
export async function loadWrtcLinks(): Promise<CreateLink> {
  try {
    const { default: wrtc } = await import("wrtc");
    return createSimplePeerLinks({
      ...wrtc,
      RTCPeerConnection: withoutLocalDescription(wrtc.RTCPeerConnection),
    });
  } catch (error) {
    throw new Error(
      "--webrtc wrtc: the wrtc package cannot be loaded: npm install wrtc@npm:@roamhq/wrtc, or leave the option out",
      { cause: error },
    );
  }
}

/**
 * Connections that do not say what their local description is. To read it crashes wrtc where a thread of its own is
 * adding candidates to it (node-webrtc's issue #696: one of eight processes that made 120 links). simple-peer asks
 * once, to send what it has just set, and sends that without an answer.
 */
function withoutLocalDescription(Connection: typeof RTCPeerConnection): typeof RTCPeerConnection {
  return new Proxy(Connection, {
    construct: (Target, [configuration]: [RTCConfiguration?]) =>
      new Proxy(new Target(configuration), {
        get(connection, name) {
          if (name === "localDescription") return null;
          const value: unknown = Reflect.get(connection, name, connection);
          return typeof value === "function" ? value.bind(connection) : value;
        },
        set: (connection, name, value) => Reflect.set(connection, name, value, connection),
      }),
  });
}
