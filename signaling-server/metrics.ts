/**
 * The snapshot as Prometheus text (format 0.0.4). Labels are rooms, causes and event names only: peers and
 * links come and go without end, and each would leave a series behind.
 */
import { dropCauses } from "../shared/core/drops.ts";
import type { RoomStatus, ServerStatus } from "../shared/net/status.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | null];

export function metricsText(status: ServerStatus): string {
  const { rooms } = status;
  const perRoom = (value: (room: RoomStatus) => number | null): Sample[] =>
    rooms.map((room) => [{ room: room.room }, value(room)]);

  return [
    family(
      "shoal_peers",
      "gauge",
      "Peers in the room.",
      perRoom((room) => room.peers.length),
    ),
    family(
      "shoal_members",
      "gauge",
      "Of them, peers in the view: they train.",
      perRoom(({ peers }) => peers.filter(({ member }) => member).length),
    ),
    family(
      "shoal_round",
      "gauge",
      "Newest round that a peer reported.",
      perRoom((room) => room.round),
    ),
    family(
      "shoal_training_loss",
      "gauge",
      "Median of the members' training losses.",
      perRoom(latest("loss")),
    ),
    family(
      "shoal_validation_loss",
      "gauge",
      "Mean of the members' newest.",
      perRoom(latest("validationLoss")),
    ),
    family("shoal_validation_accuracy", "gauge", "Mean of the members' newest.", perRoom(latest("accuracy"))),
    family(
      "shoal_rounds_per_minute",
      "gauge",
      "Over the last minute.",
      perRoom((room) => room.roundsPerMinute),
    ),
    family(
      "shoal_round_milliseconds",
      "gauge",
      "Time of one averaging: median of the members' quantiles.",
      roundTimes(rooms),
    ),
    family(
      "shoal_replica_disagreement",
      "gauge",
      "Rms distance of the members' replicas from their mean, relative to its length; 0 = equal.",
      perRoom((room) => room.disagreement),
    ),
    family(
      "shoal_finished",
      "gauge",
      "1 once the run has ended.",
      perRoom((room) => (room.isFinished ? 1 : 0)),
    ),
    family(
      "shoal_samples_per_second",
      "gauge",
      "All peers together.",
      perRoom((room) => room.samplesPerSecond),
    ),
    family(
      "shoal_fragments_sent_total",
      "counter",
      "Fragments handed to links.",
      perRoom((room) => room.sent),
    ),
    family(
      "shoal_fragments_received_total",
      "counter",
      "Fragments that counted.",
      perRoom((room) => room.received),
    ),
    family(
      "shoal_fragments_dropped_total",
      "counter",
      "Fragments that did not count, by cause.",
      dropped(rooms),
    ),
    family("shoal_sockets", "gauge", "Open WebSockets, of peers and of status pages.", one(status.sockets)),
    family("shoal_signal_events_total", "counter", "Socket events by name and outcome.", events(status)),
    ...processFamilies(),
  ].join("");
}

type Figure = "loss" | "validationLoss" | "accuracy" | "roundMsP50" | "roundMsP95";

function latest(field: Figure): (room: RoomStatus) => number | null {
  // The last point stays in the history when everybody has gone; it is no figure of now.
  return ({ peers, history }) =>
    peers.some(({ member }) => member) ? (history.at(-1)?.[field] ?? null) : null;
}

function roundTimes(rooms: readonly RoomStatus[]): Sample[] {
  return rooms.flatMap((room): Sample[] => [
    [{ room: room.room, quantile: "0.5" }, latest("roundMsP50")(room)],
    [{ room: room.room, quantile: "0.95" }, latest("roundMsP95")(room)],
  ]);
}

function dropped(rooms: readonly RoomStatus[]): Sample[] {
  return rooms.flatMap(({ room, drops }) =>
    dropCauses.map((cause): Sample => [{ room, cause }, drops[cause]]),
  );
}

function events({ signals }: ServerStatus): Sample[] {
  return Object.entries(signals).flatMap(([event, { accepted, refused }]): Sample[] => [
    [{ event, outcome: "accepted" }, accepted],
    [{ event, outcome: "refused" }, refused],
  ]);
}

function processFamilies(): string[] {
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  const startedAt = performance.timeOrigin / 1000;
  return [
    family(
      "process_cpu_seconds_total",
      "counter",
      "User and system time.",
      one((cpu.user + cpu.system) / 1e6),
    ),
    family("process_resident_memory_bytes", "gauge", "Resident memory.", one(memory.rss)),
    family("process_heap_bytes", "gauge", "JavaScript heap in use.", one(memory.heapUsed)),
    family("process_start_time_seconds", "gauge", "Start, Unix time.", one(startedAt)),
  ];
}

const one = (value: number): Sample[] => [[{}, value]];

/** One metric with its samples; what is not known yet is left out rather than told as 0. */
function family(name: string, type: "gauge" | "counter", help: string, samples: readonly Sample[]): string {
  const lines = samples
    .filter(([, value]) => value !== null)
    .map(([labels, value]) => `${name}${labelText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
