/**
 * STUN and TURN servers as text, the way the server hands them out and node-datachannel takes them:
 * "stun:host:port", "turn:user:password@host:port?transport=udp". In user and password everything but
 * letters and digits may be percent-encoded, and ":" and "@" must be: coturn's time-limited user names hold a
 * colon and its passwords are base64.
 */
export interface IceServer {
  readonly urls: string;
  readonly username?: string;
  readonly credential?: string;
}

const withAccount = /^(turns?:)([^:@]+):([^@]+)@(.+)$/;

/** What RTCPeerConnection wants. */
export function parseIceServer(text: string): IceServer {
  const [, scheme, username, credential, host] = withAccount.exec(text) ?? [];
  if (scheme === undefined || username === undefined || credential === undefined || host === undefined)
    return { urls: text };
  return { urls: scheme + host, username: decoded(username), credential: decoded(credential) };
}

export function withCredentials(text: string, username: string, credential: string): string {
  return text.replace(/^turns?:/, (scheme) => `${scheme}${encoded(username)}:${encoded(credential)}@`);
}

const host = /(?:[^\s:@/?#[\]]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?/.source;
const account = /(?:[^\s:@]+:[^\s@]+@)?/.source;
/** No slashes: with one such address in the list, browsers make no connection at all. */
const addresses = [
  new RegExp(`^stun:${host}$`),
  new RegExp(`^turns?:${account}${host}(?:\\?transport=(?:udp|tcp))?$`),
];

/** Whether it is an address at all, in the form above, that every WebRTC stack takes. */
export function isIceServer(text: string): boolean {
  return addresses.some((pattern) => {
    const found = pattern.exec(text);
    const port = Number(found?.[1] ?? 1);
    return found !== null && port >= 1 && port <= 65_535;
  });
}

/** Needs a user and a password and has none. */
export function lacksCredentials(text: string): boolean {
  return /^turns?:/.test(text) && !withAccount.test(text);
}

const encoded = (text: string) => encodeURIComponent(text);

/** Somebody's own password may hold a "%" that encodes nothing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
