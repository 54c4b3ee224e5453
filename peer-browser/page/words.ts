/** What a task and a state are called for people who have never heard of federated learning. */
import type { Task } from "../../shared/core/task.ts";
import { bytes, count, percent } from "../../shared/page/format.ts";
import type { Power, TabPhase, TabStatus } from "../tab-messages.ts";
import type { Processor } from "../../shared/training/backend-report.ts";
import type { RoomInfo } from "./room-info.ts";

/** What the model learns, to be read after "a model that". */
const skills: Readonly<Partial<Record<Task["data"]["kind"], string>>> = {
  glyphs: "recognises drawn digits",
  mnist: "recognises handwritten digits",
  cifar10: "tells ten kinds of things apart in small photographs",
  atis: "understands questions about flights",
  text: "writes text, letter by letter",
};

export function skillInWords(task: Task): string {
  return skills[task.data.kind] ?? `is called “${task.name}”`;
}

export function leadInWords({ task, peers, isFinished }: RoomInfo): string {
  const skill = skillInWords(task);
  if (isFinished) return `Here computers have trained a model together: one that ${skill}.`;
  if (peers === 0) return `Nobody is here yet: be the first to train a model that ${skill}.`;
  const who = peers === 1 ? "One computer is" : `${count(peers)} computers are`;
  return `${who} training a model that ${skill}. This tab can help.`;
}

export interface Fact {
  readonly term: string;
  readonly text: string;
}

export function factsInWords(room: RoomInfo): readonly Fact[] {
  return [
    { term: "What happens", text: happensInWords(room) },
    {
      term: "What leaves this device",
      text:
        "The numbers of the model, figures such as speed, this tab’s name in the room, and which processor or " +
        "graphics card it computes with: everybody who opens the room’s page can read these. Never your " +
        "files, nor anything of other tabs. The other participants can see this device’s IP address, as in " +
        "a video call.",
    },
    {
      term: "What it takes",
      text: `Processor time, power and some of your network while this tab is open${downloadInWords(room)}. Nothing is installed.`,
    },
    {
      term: "How to stop",
      text: "Press Pause or Stop, or close the tab. The others go on with what you contributed.",
    },
  ];
}

function downloadInWords({ downloadBytes }: RoomInfo): string {
  return downloadBytes ? `; before that, ${bytes(downloadBytes)} of examples are downloaded` : "";
}

function happensInWords({ task, round, accuracy, downloadBytes }: RoomInfo): string {
  const origin = downloadBytes === 0 ? "made here" : "from the server";
  const how =
    `This tab learns from its own examples (${origin}, not taken from you) and averages what it has ` +
    "learned with the others, again and again.";
  const so = accuracy === null ? "" : ` and gets ${percent(accuracy)} of unseen examples right`;
  return `${how} The model is in round ${count(round)} of ${count(task.rounds)}${so}.`;
}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly aside: string;
}

export const powers: readonly Choice<Power>[] = [
  { value: "light", label: "Light", aside: "a quarter" },
  { value: "medium", label: "Medium", aside: "half" },
  { value: "full", label: "Full", aside: "all of it" },
];

export const processors: readonly Choice<Processor>[] = [
  { value: "automatic", label: "Automatic", aside: "the fastest" },
  { value: "gpu", label: "GPU", aside: "graphics" },
  { value: "cpu", label: "CPU", aside: "main" },
];

export const phaseTitles: Readonly<Record<TabPhase, string>> = {
  connecting: "Connecting",
  "catching up": "Catching up",
  training: "Training",
  averaging: "Averaging",
  "waiting for others": "Waiting for others",
  paused: "Paused",
};

/** `recent`: the phases of the last two seconds; rounds are too short to name each half of every one. */
export function phaseInWords(status: TabStatus, recent: ReadonlySet<TabPhase>): string {
  const isBoth = recent.has("training") && recent.has("averaging");
  return isBoth && isBusy(status.phase) ? "Training and averaging" : phaseTitles[status.phase];
}

const isBusy = (phase: TabPhase) => phase === "training" || phase === "averaging";

export function phaseExplained({ phase, members, rounds }: TabStatus): string {
  const others = Math.max(0, members - 1);
  const company = others === 1 ? "one other" : `${count(others)} others`;
  switch (phase) {
    case "connecting":
      return rounds === 0
        ? "Asking the server to be let in."
        : "Starting the processor and calling the others.";
    case "catching up":
      return "Taking over the model from the others. Training starts when it is complete.";
    case "waiting for others":
      return "Training goes on as soon as enough others are there.";
    case "paused":
      return "Nothing is computed. What you contributed stays with the others.";
    default:
      return others === 0
        ? "Learning alone until somebody joins."
        : `Learning from examples, then averaging with ${company}.`;
  }
}
