/** The doctor's findings for people. */
import { milliseconds } from "../format.ts";
import { printable } from "../printable.ts";
import { tableLines } from "../table.ts";
import type { BackendCheck } from "./backend-checks.ts";
import type { DoctorReport } from "./doctor.ts";
import type { NetworkCheck } from "./network-checks.ts";

export function reportLines(report: DoctorReport): string[] {
  const { memory, data } = report;
  return [
    `shoal ${report.shoal} on Node ${report.node}, ${report.platform}`,
    `processor  ${printable(report.processor)}, ${report.threads} threads`,
    `memory     ${gigabytes(memory.totalBytes)}, ${gigabytes(memory.freeBytes)} free`,
    "",
    ...backendLines(report.backends),
    "",
    ...networkLines(report.network),
    "",
    ...(data
      ? [
          `Data sets in ${printable(data.folder)}`,
          ...data.sets.map(({ name, note }) => `  ${name.padEnd(8)}  ${printable(note ?? "complete")}`),
        ]
      : ["Data sets: glyphs, which the program draws; --data-dir DIR looks for others"]),
  ];
}

function backendLines(checks: readonly BackendCheck[]): string[] {
  const [title = "", ...rows] = tableLines(
    [
      { title: "Backend", align: "left" },
      { title: "matrices", align: "right" },
      { title: "convolutions", align: "right" },
      { title: "", align: "left" },
    ],
    checks.map(({ name, title: words, matrixGflops, convolutionGflops, note }) => [
      `  ${name}`,
      speed(matrixGflops),
      speed(convolutionGflops),
      [words, note].filter(Boolean).join("; "),
    ]),
  );
  return [title, ...rows];
}

function networkLines({ loopback, iceServers }: NetworkCheck): string[] {
  const here =
    loopback.connectMs === null
      ? `does not work (${loopback.note})`
      : `works, connected in ${milliseconds(loopback.connectMs)}`;
  return [
    "Network",
    `  WebRTC    ${printable(here)}`,
    ...iceServers.map(
      ({ server, kinds, answered }) =>
        `  ${answered ? "answered" : "SILENT  "}  ${printable(server)} (candidates: ${kinds.join(", ") || "none"})`,
    ),
    ...(iceServers.length === 0
      ? ["  UDP       not tried from outside; --ice-server stun:HOST:PORT does"]
      : []),
  ];
}

function speed(gflops: number | null): string {
  if (gflops === null) return "–";
  return `${gflops < 10 ? gflops.toFixed(2) : Math.round(gflops)} GFLOP/s`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
