/** A process that opens a link, uses and closes it: the suite watches it exit. Argument: a stack's name. */
import { connectPair } from "../labs/link-pair.ts";
import { loadStack, stackNames } from "./stacks.ts";
import { nextText } from "./traffic.ts";

const name = stackNames.find((known) => known === process.argv[2]);
if (!name) throw new Error(`no such stack: ${process.argv[2]}`);
const stack = await loadStack(name);
const { first, second } = stack.path({ loss: 0.01 });
const pair = await connectPair(first, second);
const text = nextText(pair.b);
pair.a.link.sendText("hello");
await text;
await pair.close();
await stack.cleanup();
