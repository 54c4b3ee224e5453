/** Runs in Chromium: a page that serves the links of its worker, as the join page does. */
import { servePageLinks } from "../../peer-browser/links/page-links.ts";

const query = new URLSearchParams(location.search);
const worker = new Worker("/worker.js", { type: "module" });
const { port1, port2 } = new MessageChannel();
const links = servePageLinks(port1, { transfer: !query.has("forwarding") });
worker.postMessage({ tab: Number(query.get("tab")), port: port2 }, [port2]);
// For the test to look at.
Object.assign(globalThis, { links, worker });
