import type { Command } from "commander";
import { type Config, envToConfig } from "../../config/config.ts";
import { type RawSettings, readEnv } from "../../config/env.ts";
import { loadSecrets } from "../../config/secrets.ts";
import { createLog, type Logger } from "../../lib/log.ts";
import { returnMemoryAtRest } from "../../lib/memory-at-rest.ts";
import { fixedThreads, MAIN_THREAD } from "../../node/thread.ts";
import { EarlyStore } from "../../store/early-store.ts";
import type { ThreadPool } from "../../threads/pool.ts";
import { exitNow } from "../exit-now.ts";
import type { Surroundings } from "../surroundings.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { stopSignal } from "../stop-signal.ts";
import { withoutJson } from "../help.ts";

/** `posthorn start`: runs a node until it receives a stop signal. */
export function addStartCommand(program: Command, surroundings: Surroundings = {}): void {
  const command = program.command("start").description("run the server");
  withoutJson(command, "It prints its log, which is JSON.");
  addSettingFlags(command).action((options: Record<string, unknown>) => start(options, surroundings));
}

/** Exit code of a server that cannot continue, or has not stopped in order. */
const FAILED = 1;

async function start(options: Record<string, unknown>, surroundings: Surroundings): Promise<void> {
  returnMemoryAtRest();
  const settings = readEnv(sourcesOf(options));
  const config = envToConfig(settings);
  const secrets = loadSecrets(config);
  const fixed = fixedThreads(config);
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    exportable: (config.telemetry?.logs ?? null) !== null,
    // If the number of threads varies, log entries of the main thread have no thread number.
    thread: fixed === null || fixed === 1 ? null : MAIN_THREAD,
  });
  // In a clone, only the main thread knows when the pages are built.
  const listens = surroundings.pageBuilds === undefined;
  const threads = await threadsOf(config, { settings, listens, log });
  const thread = threads?.mainThread ?? null;
  const isDev = options["dev"] === true;
  // `process.exit` waits for all threads, also for one that the system keeps.
  const exit: (code: number) => never = (code) => (threads?.isEmpty === false ? exitNow(code) : process.exit(code));
  const signaled = stopSignal(exit);
  const stop = isDev ? Promise.race([signaled, parentGone()]) : signaled;
  // Once everything else is closed.
  using _ = { [Symbol.dispose]: () => void (threads !== null && threads.kept.length > 0 && exit(FAILED)) };
  await using early = await EarlyStore.begin(config.database, thread?.siblings ?? null);
  // Most of the code of the server, which is loaded while the threads of the store start.
  const { runServer } = await import("./run.ts");
  await runServer({
    config,
    secrets,
    log,
    threads,
    thread,
    early,
    stop,
    surroundings,
    isDev,
    fail: () => exit(FAILED),
  });
}

/** How long a thread may take to stop after its attempts have ended. */
const CLOSE_MS = 15_000;

/** The threads besides the main one; `null`: there are none. */
async function threadsOf(
  config: Config,
  options: { readonly settings: RawSettings; readonly listens: boolean; readonly log: Logger },
): Promise<ThreadPool | null> {
  const { metricsListen, telemetry, shutdownTimeoutMs } = config;
  const { maxThreads } = await import("../../threads/max-threads.ts");
  // Threads that do not accept requests are started only if the operator wants them.
  const max = fixedThreads(config) ?? (options.listens ? maxThreads(config.database.kind) : 1);
  if (max === 1) return null;
  const { ThreadPool: Pool } = await import("../../threads/pool.ts");
  const counts = metricsListen !== null || (telemetry?.metrics ?? null) !== null;
  return new Pool({ ...options, config, max, counts, stopMs: shutdownTimeoutMs + CLOSE_MS });
}

const PARENT_CHECK_MS = 500;

/**
 * Resolves when the parent process has exited. `npm start` runs between the terminal and the server and does not forward SIGTERM, so
 * the server would otherwise keep running.
 */
function parentGone(): Promise<string> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve("npm ended");
    }, PARENT_CHECK_MS);
    timer.unref();
  });
}
