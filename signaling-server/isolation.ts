/**
 * Cross-origin isolation: other pages can't reach into ours. Browsers give it to https and to localhost only;
 * on plain HTTP from another machine they ignore these headers, and say so in red on every page.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";

const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Origin-Agent-Cluster": "?1",
};

export function isolation(): RequestHandler {
  return (request, response, next) => {
    if (isTrustworthy(request.headers)) response.set(headers);
    next();
  };
}

/**
 * TLS ends at the proxy, which may or may not say so; but fetch metadata is sent to trustworthy addresses only
 * (Safari from 16.4 on), so it is the browser's own word. Who lies gets headers that do nothing.
 * https://www.w3.org/TR/fetch-metadata/#set-sec-fetch-site
 */
function isTrustworthy({ host = "", ...rest }: IncomingHttpHeaders): boolean {
  const proxied = String(rest["x-forwarded-proto"] ?? "");
  return (
    rest["sec-fetch-site"] !== undefined ||
    /^https\b/.test(proxied) ||
    /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host)
  );
}
