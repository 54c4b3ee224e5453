/** Old browsers: what a tab needs and this one has not, in one sentence. */

const needs: readonly { readonly name: string; readonly what: string }[] = [
  { name: "RTCPeerConnection", what: "WebRTC, to talk to the other participants" },
  { name: "WebAssembly", what: "WebAssembly, to compute" },
  { name: "Worker", what: "Web Workers, to compute beside the page" },
  { name: "MessageChannel", what: "message channels" },
];

export function missingHere(): string | undefined {
  const missing = needs.filter(({ name }) => !(name in window)).map(({ what }) => what);
  if (missing.length === 0) return undefined;
  return `This browser can't take part: it has no ${missing.join("; and no ")}. A newer one can.`;
}
