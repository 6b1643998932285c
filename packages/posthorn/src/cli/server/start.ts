import type { Command } from "commander";
import { type Config, envToConfig } from "../../config/config.ts";
import { type RawSettings, readEnv } from "../../config/env.ts";
import { loadSecrets } from "../../config/secrets.ts";
import { DEFAULT_ORGANISATION } from "../../domain/organisation/ensure.ts";
import { createDeveloperCode, createSetupLink } from "../../domain/user/start-links.ts";
import { createLog, type Logger } from "../../lib/log.ts";
import { PosthornNode } from "../../node/node.ts";
import { fixedThreads, MAIN_THREAD, shareOf } from "../../node/thread.ts";
import type { ThreadPool } from "../../threads/pool.ts";
import { VERSION } from "../../lib/version.ts";
import { print } from "../output.ts";
import type { Surroundings } from "../surroundings.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { stopSignal } from "../stop-signal.ts";
import { organisationToken } from "../token/create.ts";
import { withoutJson } from "../help.ts";

/** `posthorn start`: runs a node until it receives a stop signal. */
export function addStartCommand(program: Command, surroundings: Surroundings = {}): void {
  const command = program.command("start").description("run the server");
  withoutJson(command, "It prints its log, which is JSON.");
  addSettingFlags(command).action((options: Record<string, unknown>) => start(options, surroundings));
}

async function start(options: Record<string, unknown>, surroundings: Surroundings): Promise<void> {
  const settings = readEnv(sourcesOf(options));
  const config = envToConfig(settings);
  const secrets = loadSecrets(config);
  const fixed = fixedThreads(config);
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    exportable: (config.telemetry?.logs ?? null) !== null,
    // With a variable number, entries of the main thread name none.
    thread: fixed === null || fixed === 1 ? null : MAIN_THREAD,
  });
  // In a clone, only the main thread knows when the pages are built.
  const listens = surroundings.pageBuilds === undefined;
  const threads = await threadsOf(config, { settings, listens, log });
  const stop = options["dev"] === true ? Promise.race([stopSignal(), parentGone()]) : stopSignal();
  const waiting = new AbortController();
  void stop.then(() => waiting.abort());
  await using node = await PosthornNode.start({
    ...surroundings,
    config: shareOf(config, fixed ?? 1),
    secrets,
    log,
    signal: waiting.signal,
    thread: threads?.mainThread ?? null,
  }).catch((error: unknown) => {
    if (waiting.signal.aborted) return null;
    throw error;
  });
  if (node === null) return;
  log.info({ url: node.url, version: VERSION }, `Posthorn ${VERSION} listens on ${node.url}`);
  threads?.start(node);
  await printLink(node, options["dev"] === true ? secrets.jwtSecret : null, log);
  const signal = await Promise.race([stop, node.failed]);
  if (signal instanceof Error) {
    log.fatal({ err: signal }, "the node cannot continue; restart it");
    // An orderly shutdown is no longer possible. Accepted messages are on disk.
    process.exit(1);
  }
  log.info(`${signal}: stopping; waiting up to ${config.shutdownTimeoutMs / 1000} s for attempts in flight`);
  // At the same time as the main thread, which waits for them before it closes its store.
  void threads?.stop();
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

/**
 * Prints the link for creating the first user. The server works without it: the database may be temporarily
 * unavailable, and `posthorn users` creates links too. @param developerSecret Signs the token that `npm start` prints;
 * `null`: not a development server.
 */
async function printLink(node: PosthornNode, developerSecret: string | null, log: Logger): Promise<void> {
  try {
    if (developerSecret !== null) {
      const token = await organisationToken(developerSecret, DEFAULT_ORGANISATION);
      return print(welcome(node.url, token, await createDeveloperCode(node.services)));
    }
    const link = await createSetupLink(node.services);
    // The link works once, for a day, and only while there are no users.
    if (link !== null) log.info({ link }, `this server has no users yet: create the first one at ${link}`);
  } catch (err) {
    log.warn({ err }, "the link for the first user could not be created; retrying at the next start");
  }
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

function welcome(url: string, token: string, code: string): string {
  const message = { application: { name: "Demo", uid: "demo" }, eventType: "hello.world", payload: { hello: "world" } };
  return `
  Dashboard ${url}/#code=${code} (works once)

  API      ${url}/api/v1
  Docs     ${url}/docs/
  Token    ${token}

  Publish a message:

  curl -X POST ${url}/api/v1/app/demo/msg \\
    -H 'authorization: Bearer ${token}' \\
    -H 'content-type: application/json' \\
    -d '${JSON.stringify(message)}'
`;
}
