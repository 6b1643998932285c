/** Waits for the database at startup, because containers start in any order. */
import { setTimeout as delay } from "node:timers/promises";
import { openStartupServer, type StartupServer } from "../api/startup-server.ts";
import type { ListenAddress } from "../config/parse.ts";
import type { Logger } from "../lib/log.ts";
import { StoreError, type StoreOutage } from "../store/errors.ts";

export interface WaitOptions {
  /** Maximum wait; 0: do not wait. */
  readonly waitMs: number;
  /** Address on which the startup server responds while waiting; `null`: none. */
  readonly listen: ListenAddress | null;
  readonly log: Logger;
  /** Aborts the wait. */
  readonly signal: AbortSignal | null;
}

/** First and longest pause between two attempts. Jitter shortens each by up to half. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;
const LOG_INTERVAL_MS = 30_000;

/**
 * Starts as soon as the database is available. Permanent errors, such as a wrong password or a missing database, reject immediately.
 *
 * @param start One attempt. It must call `closeStartupServer`, which closes the startup server, before it listens
 * itself.
 */
export async function startWhenDatabaseIsUp<T>(
  options: WaitOptions,
  start: (closeStartupServer: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { waitMs, listen, log, signal } = options;
  const from = performance.now();
  let startupServer: StartupServer | null = null;
  const closeStartupServer = async (): Promise<void> => {
    await startupServer?.[Symbol.asyncDispose]();
    startupServer = null;
  };
  let loggedAt = -Infinity;
  try {
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
      try {
        const started = await start(closeStartupServer);
        if (loggedAt !== -Infinity) log.info(`the database is available after ${secondsSince(from)} s`);
        return started;
      } catch (error) {
        const outage = outageIn(error);
        const forMs = performance.now() - from;
        if (outage === null || signal?.aborted === true) throw error;
        // An operator must free disk space first, which can take any time, so this wait has no limit.
        const endless = outage === "disk_full" && waitMs > 0;
        if (forMs >= waitMs && !endless) throw waitMs === 0 ? error : tooLong(error as StoreError, waitMs);
        if (performance.now() - loggedAt >= LOG_INTERVAL_MS) {
          loggedAt = performance.now();
          const { message } = error as StoreError;
          const waited = endless ? `${secondsSince(from)} s so far` : `${secondsSince(from)} of ${waitMs / 1000} s`;
          log.warn({ outage }, `waiting for the database, ${waited}: ${message}`);
        }
        if (startupServer === null && listen !== null)
          startupServer = await openStartupServer(listen, { outage, forMs });
        else startupServer?.update({ outage, forMs });
        const untilEnd = endless ? Infinity : waitMs - forMs;
        await pause(Math.min(pauseMs * (1 - Math.random() / 2), untilEnd), signal);
      }
    }
  } finally {
    await closeStartupServer();
  }
}

/** The kind of temporary fault of the database; `null`: the error is not temporary. */
function outageIn(error: unknown): StoreOutage | null {
  if (!(error instanceof StoreError)) return null;
  if (error.code === "storage_full") return "disk_full";
  return error.code === "storage_unavailable" ? error.outage : null;
}

function tooLong(last: StoreError, waitMs: number): StoreError {
  return new StoreError(
    "storage_unavailable",
    `The database was unavailable for ${waitMs / 1000} s (POSTHORN_DATABASE_WAIT). Last error: ${last.message}`,
    { cause: last },
  );
}

async function pause(ms: number, signal: AbortSignal | null): Promise<void> {
  // After an abort, the next failed attempt ends the wait.
  await delay(ms, undefined, signal === null ? {} : { signal }).catch(() => undefined);
}

function secondsSince(from: number): number {
  return Math.round((performance.now() - from) / 1000);
}
