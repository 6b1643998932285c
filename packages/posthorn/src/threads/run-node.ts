/** Runs the node of a thread until the main thread stops it. */
import { once } from "node:events";
import { envToConfig } from "../config/config.ts";
import { loadSecrets } from "../config/secrets.ts";
import type { ThreadHealth } from "../domain/ports.ts";
import { createLog, type Logger } from "../lib/log.ts";
import { PosthornNode } from "../node/node.ts";
import { SHARES_PORTS, workerConfigOf } from "../node/thread.ts";
import { joinStore } from "../store/open.ts";
import { ThreadJobExchange } from "./job-exchange.ts";
import type { ThreadStart } from "./protocol.ts";
import { sharesOf } from "./shares.ts";
import type { SiblingPorts } from "./siblings.ts";

export interface RunOptions {
  readonly siblings: SiblingPorts;
  readonly health: ThreadHealth;
  readonly stop: AbortSignal;
  /** Called with the log of the thread. */
  readonly onLog: (log: Logger) => void;
  /** Called when the node accepts requests and owns its share of the shards. */
  readonly onRunning: (node: PosthornNode) => void;
}

/** Resolves when the node has stopped. Rejects if it cannot start. */
export async function runNode(start: ThreadStart, options: RunOptions): Promise<void> {
  const { number, settings, url, counts, seat } = start;
  const { siblings, health, stop, onLog, onRunning } = options;
  const { share, onShare } = sharesOf(envToConfig(settings), siblings);
  const config = workerConfigOf(share, url);
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    exportable: (config.telemetry?.logs ?? null) !== null,
    thread: number,
  });
  onLog(log);
  const stopped = stop.aborted ? Promise.resolve() : once(stop, "abort").then(() => undefined);
  const join = (): Promise<void> => Promise.race([siblings.join(), stopped]);
  using exchange = new ThreadJobExchange(number, siblings);
  await using node = await PosthornNode.start({
    config,
    secrets: loadSecrets(config),
    log,
    listens: SHARES_PORTS && start.listens,
    signal: stop,
    ...(seat === null ? {} : { openStore: (listeners) => joinStore(seat, listeners, siblings) }),
    thread: { number, siblings, broadcast: siblings, exchange, health, url, counts, others: null, join, onShare },
  }).catch((error: unknown) => {
    if (stop.aborted) return null;
    throw error;
  });
  if (node === null) return;
  onRunning(node);
  const failure = await Promise.race([node.failed, stopped]);
  if (failure === undefined) return;
  log.fatal({ err: failure }, "the node of this thread cannot continue; restarting it");
  // Ends only this thread. An orderly shutdown is no longer possible, and accepted messages are on disk.
  process.exit(1);
}
