/** The server: runs a node, and the threads beside it, until it receives a stop signal. */
import type { Config } from "../../config/config.ts";
import type { Secrets } from "../../config/secrets.ts";
import { DEFAULT_ORGANISATION } from "../../domain/organisation/ensure.ts";
import { createDeveloperCode, createSetupLink } from "../../domain/user/start-links.ts";
import { saveCompiledCodeSoon } from "../../lib/compiled-code.ts";
import type { Logger } from "../../lib/log.ts";
import { VERSION } from "../../lib/version.ts";
import { PosthornNode } from "../../node/node.ts";
import { fixedThreads, type NodeThread, shareOf } from "../../node/thread.ts";
import type { EarlyStore } from "../../store/early-store.ts";
import type { ThreadPool } from "../../threads/pool.ts";
import { print } from "../output.ts";
import type { Surroundings } from "../surroundings.ts";
import { organisationToken } from "../token/create.ts";

export interface ServerParts {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Logger;
  /** `null`: the main thread is the only one. */
  readonly threads: ThreadPool | null;
  readonly thread: NodeThread | null;
  /** `null`: the node opens its store. */
  readonly early: EarlyStore | null;
  /** Resolves with the reason to stop. */
  readonly stop: Promise<string>;
  /** Ends the process, because the node cannot continue. */
  readonly fail: () => never;
  readonly surroundings: Surroundings;
  /** Development: it prints a link that signs in. */
  readonly isDev: boolean;
}

/** Resolves when the node has stopped. Rejects if it cannot start. */
export async function runServer(parts: ServerParts): Promise<void> {
  const { config, secrets, log, threads, thread, early, stop, fail, surroundings, isDev } = parts;
  const waiting = new AbortController();
  void stop.then(() => waiting.abort());
  await using node = await PosthornNode.start({
    ...surroundings,
    config: shareOf(config, fixedThreads(config) ?? 1),
    secrets,
    log,
    signal: waiting.signal,
    thread,
    ...(early === null ? {} : { openStore: (listeners) => early.take(listeners) }),
  }).catch((error: unknown) => {
    if (waiting.signal.aborted) return null;
    throw error;
  });
  if (node === null) return;
  log.info({ url: node.url, version: VERSION }, `Posthorn ${VERSION} listens on ${node.url}`);
  threads?.start(node);
  saveCompiledCodeSoon();
  await printLink(node, isDev ? secrets.jwtSecret : null, log);
  const signal = await Promise.race([stop, node.failed]);
  if (signal instanceof Error) {
    log.fatal({ err: signal }, "the node cannot continue; restart it");
    // An orderly shutdown is no longer possible. Accepted messages are on disk.
    fail();
  }
  log.info(`${signal}: stopping; waiting up to ${config.shutdownTimeoutMs / 1000} s for attempts in flight`);
  // At the same time as the main thread, which waits for them before it closes its store.
  void threads?.stop();
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
