/** `shoal demo`: a signaling server in this process, peers in processes of their own, one table of it all. */
import type { Task } from "../shared/core/task.ts";
import { needsFiles } from "../shared/training/data/needs-files.ts";
import { checkedData, noData } from "./checked-data.ts";
import type { OptionValues } from "./cli-options.ts";
import type { demo } from "./commands.ts";
import { startDemoPeers } from "./demo-peers.ts";
import type { DemoPeer } from "./demo-peers.ts";
import { createDemoLines, createDemoScreen } from "./demo-view.ts";
import type { DemoView } from "./demo-view.ts";
import { exitCodeMeanings, exitCodes, usageError } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { percent } from "./format.ts";
import { realClock } from "./real-clock.ts";
import { defaultRoom } from "./room-address.ts";
import { isTerminal } from "./screen.ts";
import { joinCommand, pageAddresses } from "./serve.ts";
import { isPortTaken, listenError } from "./server-role.ts";
import type { RunningServer, ServerOptions, StartServer } from "./server-role.ts";
import { listenForStop } from "./stop-signals.ts";
import { createStyle } from "./style.ts";
import { defaultTask, loadTask } from "./task-source.ts";

type DemoOptions = OptionValues<typeof demo.options> & {
  /** The file of the `shoal` command, for the peers. */
  readonly shoal: string;
  readonly startServer: StartServer;
};

const defaultPort = 8080;
const portsToTry = 20;
const pageHint = "The page ends with the demo; shoal serve keeps one open";

export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const { peers: count = 4, loss = 0 } = options;
  const task: Task = { ...loadTask(options.task ?? defaultTask), minPeers: count };
  const data = await checkedData(task, options["data-dir"]);
  if (!data && needsFiles(task.data)) throw usageError(noData(task));
  let view: DemoView | undefined;
  const tell = (text: string) => view?.tell(text);
  const server = await listen(task, { ...options, data }, tell);
  const crew = startDemoPeers({
    shoal: options.shoal,
    url: `http://127.0.0.1:${server.port}`,
    count,
    loss,
    dataDir: options["data-dir"],
    onEnd: (peer) => isFailure(peer) && tell(`${peer.name} died (${peer.exitCode}): ${peer.lastWords}`),
  });
  const facts = {
    task,
    loss,
    page: pageAddresses(server.url),
    join: joinCommand(server.url, defaultRoom),
    clock: realClock,
    style: createStyle({ color: !options["no-color"] }),
    room: () => server.status().rooms[0],
    peers: () => crew.peers,
  };
  view = isTerminal(process.stdout)
    ? createDemoScreen(facts, process.stdout)
    : createDemoLines(facts, process.stdout);
  if (options.port === undefined && server.port !== defaultPort)
    tell(`port ${defaultPort} is taken: the server listens on ${server.port}`);

  const forgetSignals = listenForStop({
    onStop() {
      tell("the peers finish their round (Ctrl-C again to stop now)");
      crew.stop();
    },
    onStopNow: () => crew.kill(),
  });
  await crew.gone;
  view.end(`${endSentence(crew.peers)}. ${pageHint}`);
  forgetSignals();
  await server.close();
  return exitCodeOf(crew.peers);
}

/** On the port that was asked for, or else on the first free one from the default on. */
async function listen(
  task: Task,
  options: DemoOptions & Pick<ServerOptions, "data">,
  log: (line: string) => void,
): Promise<RunningServer> {
  const { port: asked, startServer, data } = options;
  const last = asked ?? defaultPort + portsToTry;
  for (let port = asked ?? defaultPort; ; port++) {
    try {
      return await startServer({ tasks: { [defaultRoom]: task }, port, data, log });
    } catch (error) {
      if (port >= last || !isPortTaken(error)) throw listenError(error, port, "0.0.0.0");
    }
  }
}

function isFailure({ exitCode, isAsked }: DemoPeer): boolean {
  return exitCode !== undefined && exitCode !== exitCodes.done && !isAsked;
}

function endSentence(peers: readonly DemoPeer[]): string {
  const ends = peers.flatMap(({ end }) => end ?? []);
  const finished = ends.filter(({ outcome }) => outcome === "finished");
  const accuracies = (finished.length > 0 ? finished : ends).flatMap(({ accuracy }) => accuracy ?? []);
  const word = finished.length > 0 ? "the run is over" : "stopped";
  if (accuracies.length === 0) return word;
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  return `${word}: validation accuracy ${percent(mean, 2)} (mean of ${accuracies.length} peers)`;
}

/** A peer that died does not take the demo down; when all of them did, the first one's reason is ours. */
function exitCodeOf(peers: readonly DemoPeer[]): ExitCode {
  if (!peers.every(isFailure)) return exitCodes.done;
  const known = exitCodeMeanings.find(([code]) => code === peers[0]?.exitCode);
  return known?.[0] ?? exitCodes.trainer;
}
