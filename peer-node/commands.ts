/** What the `shoal` command can do: the tables that parse its options and print its help. */
import { rhythmOption } from "./checkpoints/rhythm.ts";
import { flag, iceServers, number, oneOf, origins, text, wholeNumber } from "./cli-options.ts";
import { backendWishes } from "./backends/wishes.ts";
import type { OptionTable } from "./cli-options.ts";
import { robustKinds } from "../shared/core/robust-setting.ts";

export interface Command {
  readonly summary: string;
  /** What follows `shoal NAME`. */
  readonly usage: string;
  /** What it does → how to say it. */
  readonly examples: readonly (readonly [string, string])[];
  /** Names of the arguments that must be there. */
  readonly takes: readonly string[];
  readonly options: OptionTable;
}

const rules = ["rps", "gradient", "reliable", "running-sums"] as const;
const port = { min: 0, max: 65_535 };
const seed = { min: 0, max: 0xffff_ffff };
/** Above this WebRTC's own handshake no longer gets through. */
const loss = number("P", "loss on this peer's links, 0.1 = 10 %; give it to every peer of the room", {
  min: 0,
  max: 0.9,
});
const dataDir = text("DIR", "the folder with the data sets (or SHOAL_DATA; docs/data.md)");
const accesses = ["open", "invite", "closed"] as const;
const keyFile = text("FILE", "the file with the server's key (or SHOAL_CREATOR_KEY)");
const taskOption = text("NAME|FILE", "a built-in task or a task file (default: glyphs-cnn)");

export const demo = {
  summary: "server and peers on this machine, training over real WebRTC (npm start)",
  usage: "[options]",
  examples: [
    ["four peers train on this machine", "shoal demo"],
    ["the same with 10 % packet loss", "shoal demo --loss 0.1"],
  ],
  takes: [],
  options: {
    peers: wholeNumber("N", "peer processes to start (default: 4)", { min: 1, max: 32 }),
    task: taskOption,
    "data-dir": dataDir,
    port: wholeNumber("PORT", "the server's port (default: 8080, or the next that is free)", port),
    loss: { ...loss, help: "add packet loss on all links, 0.1 = 10 %" },
    "no-color": flag("no colours (so does NO_COLOR=1)"),
  },
} as const satisfies Command;

export const serve = {
  summary: "start a signaling server with one room",
  usage: "[options]",
  examples: [
    ["a room that trains the built-in CNN", "shoal serve"],
    ["write a task file, change it, train it", "shoal serve --print-task > mine.json"],
    ["", "shoal serve --task mine.json --room mine"],
    ["only for whom you invite", "shoal serve --access invite --creator-key-file key"],
    ["peers behind NATs: docs/operating.md", "shoal serve --ice-server stun:HOST"],
  ],
  takes: [],
  options: {
    task: taskOption,
    "data-dir": { ...dataDir, help: "hand out the data sets in this folder (or SHOAL_DATA; docs/data.md)" },
    room: text("NAME", "the room's name (default: main)"),
    port: wholeNumber("PORT", "where to listen, 0 = any free port (default: 8080)", port),
    host: text("ADDRESS", "the address to listen on (default: 0.0.0.0, all of them)"),
    access: oneOf(accesses, "who may come into the room (default: open, to everybody)"),
    "seats-per-address": wholeNumber("N", "peers of one address in the room (default: 16, half of it)", {
      min: 1,
      max: 32,
    }),
    "allow-origin": origins("pages elsewhere that may connect; may be repeated (default: none)"),
    "creator-key-file": { ...keyFile, help: "signs invites; made where it is not (or SHOAL_CREATOR_KEY)" },
    "ice-server": iceServers("STUN or TURN server for the peers; may be repeated (default: none)"),
    "turn-secret": text("SECRET", "coturn's static-auth-secret, to mint passwords (or SHOAL_TURN_SECRET)"),
    "print-task": flag("print the task as JSON and exit"),
  },
} as const satisfies Command;

const peerOptions = {
  "data-dir": text("DIR", "data sets of this machine (or SHOAL_DATA)"),
  name: text("NAME", "how others see this peer (default: peer-…)"),
  webrtc: oneOf(["native", "wrtc"], "the WebRTC stack (default: native)"),
  rounds: wholeNumber("N", "stop after so many of our own rounds", { min: 1, max: 0xffff_fffe }),
  loss,
  backend: {
    ...oneOf(backendWishes, "auto, webgpu, tensorflow, wasm or cpu (default: auto; docs/compute.md)"),
    placeholder: "NAME",
  },
  device: wholeNumber("N", "which of several graphics cards, from 0", { min: 0, max: 63 }),
  "max-memory": wholeNumber("MB", "do not train what needs more, data and all (default: what is free)", {
    min: 64,
    max: 1_000_000,
  }),
  seed: wholeNumber("N", "repeat this peer's random choices (default: random)", seed),
  "checkpoint-every": rhythmOption("N", "rounds, or a time: 30s, 5m, 2h (default: 1m)"),
  "checkpoint-keep": wholeNumber("N", "checkpoints that stay, the newest ones (default: 3)", {
    min: 1,
    max: 1_000_000,
  }),
  json: flag("one JSON object per line on standard output, for programs"),
  quiet: flag("say nothing but errors"),
  "no-color": flag("no colours (so does NO_COLOR=1)"),
  "exit-with-parent": flag("exit when standard input closes", { hidden: true }),
} as const;

export const join = {
  summary: "train in a room, as one peer",
  usage: "URL [options]",
  examples: [
    ['join the room "main"', "shoal join http://192.168.1.20:8080"],
    ["join another room of that server", "shoal join http://192.168.1.20:8080/join/mine"],
    ["with an invite, as its link is", "shoal join http://HOST:8080/join/mine#invite=…"],
    ["for programs: one JSON object per line", "shoal join http://localhost:8080 --rounds 100 --json"],
    ["save the model, and go on from it", "shoal join http://HOST:8080 --checkpoint DIR --resume"],
  ],
  takes: ["URL"],
  options: {
    ...peerOptions,
    checkpoint: text("DIR", "save the model there; a folder of this peer's own (docs/operating.md)"),
    resume: flag("where nobody trains, go on from the newest whole checkpoint in that folder"),
  },
} as const satisfies Command;

export const invite = {
  summary: "make a link that lets people into a room (needs the creator's key)",
  usage: "URL [options]",
  examples: [
    ["for a week", "shoal invite http://HOST:8080/join/mine --creator-key-file key"],
    ["for this evening", "shoal invite http://HOST:8080/join/mine --hours 5 --creator-key-file key"],
  ],
  takes: ["URL"],
  options: {
    hours: number("H", "it is good for so long (default: 168, a week)", { min: 0.01, max: 87_600 }),
    "creator-key-file": keyFile,
  },
} as const satisfies Command;

export const revoke = {
  summary: "make an invite worthless, and send away who came with it",
  usage: "LINK [options]",
  examples: [["", "shoal revoke http://HOST:8080/join/mine#invite=… --creator-key-file key"]],
  takes: ["LINK"],
  options: { "creator-key-file": keyFile },
} as const satisfies Command;

export const room = {
  summary: "add a room to a running server, or open and close one",
  usage: "URL [options]",
  examples: [
    ["a new room, by invite", "shoal room http://HOST/join/new --task mine.json --creator-key-file key"],
    ["nobody new", "shoal room http://HOST/join/new --access closed --creator-key-file key"],
  ],
  takes: ["URL"],
  options: {
    task: text("NAME|FILE", "make the room, with this task"),
    access: oneOf(accesses, "who may come in (default of a new room: invite)"),
    "creator-key-file": keyFile,
  },
} as const satisfies Command;

export const resume = {
  summary: "join again where a folder's checkpoints were made, and go on from them",
  usage: "DIR [options]",
  examples: [["after everything was stopped, the server too", "shoal resume DIR"]],
  takes: ["DIR"],
  options: peerOptions,
} as const satisfies Command;

export const simulate = {
  summary: "the same algorithm over a simulated network, in virtual time",
  usage: "[options]",
  examples: [
    ["16 peers at 10 % loss", "shoal simulate --peers 16 --loss 0.1 --rounds 500"],
    ["losses in bursts, one slow peer", "shoal simulate --loss 0.1 --burst 50 --slow 1"],
    ["what others do, for comparison", "shoal simulate --loss 0.1 --averaging reliable"],
    ["a rule for heavy loss", "shoal simulate --loss 0.4 --averaging running-sums"],
  ],
  takes: [],
  options: {
    peers: wholeNumber("N", "how many peers (default: 16)", { min: 1, max: 64 }),
    loss: number("P", "share of packets lost (default: 0.1)", { min: 0, max: 0.95 }),
    burst: number("N", "mean length of a burst of losses, in packets (default: 1)", { min: 1, max: 10_000 }),
    rounds: wholeNumber("N", "how long (default: 500)", { min: 1, max: 1_000_000 }),
    averaging: oneOf(rules, `${rules.join(", ")} (default: rps)`, "RULE"),
    robust: oneOf(
      robustKinds,
      "some may lie: centered-clip; costlier: trimmed-mean, median (default: mean)",
      "MEAN",
    ),
    parity: number("P", "parity packets for each packet of averages (default: 0)", { min: 0, max: 1 }),
    slow: wholeNumber("K", "so many peers are slow (default: 0)", { min: 0, max: 64 }),
    "slow-factor": number("F", "how many times slower they are (default: 10)", { min: 1, max: 1_000 }),
    dead: wholeNumber("K", "the last K peers vanish at a third of the run (default: 0)", { min: 0, max: 63 }),
    notice: number("MS", "the dead are out of the view after so long (default: never)", {
      min: 0,
      max: 1_000_000,
    }),
    delay: number("MS", "time that a packet takes (default: 1)", { min: 0, max: 10_000 }),
    jitter: number("MS", "random time on top: packets overtake each other (default: 0)", {
      min: 0,
      max: 10_000,
    }),
    duplicate: number("P", "share of packets that arrive twice (default: 0)", { min: 0, max: 1 }),
    seed: wholeNumber("N", "the same seed gives the same numbers (default: 1)", seed),
    json: text("FILE", "write the options and all figures to a file"),
  },
} as const satisfies Command;

export const doctor = {
  summary: "what this machine can do: backends and their speed, network, data sets",
  usage: "[options]",
  examples: [
    ["can I train here, and how fast?", "shoal doctor"],
    ["can I be reached from outside?", "shoal doctor --ice-server stun:HOST:3478"],
    ["for programs", "shoal doctor --json"],
  ],
  takes: [],
  options: {
    "ice-server": iceServers("STUN or TURN server to try; may be repeated (default: none)"),
    "data-dir": text("DIR", "look for data sets there (or SHOAL_DATA)"),
    device: wholeNumber("N", "which of several graphics cards, from 0", { min: 0, max: 63 }),
    json: flag("one JSON object on standard output, for programs"),
  },
} as const satisfies Command;

export const commands = { demo, serve, join, resume, invite, revoke, room, simulate, doctor } as const;
export type CommandName = keyof typeof commands;
export const commandNames: readonly CommandName[] = [
  "demo",
  "serve",
  "join",
  "resume",
  "invite",
  "revoke",
  "room",
  "simulate",
  "doctor",
];

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}
