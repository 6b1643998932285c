/**
 * Stores the events that a source has read, in order. An event that cannot be stored is quarantined, so that it does
 * not block those behind it.
 */
import type { Arrived } from "../ingest/arrived.ts";
import type { Taken } from "../ingest/intake.ts";
import type { LiveSource } from "../ingest/live-source.ts";
import { PosthornError, type PosthornErrorCode } from "../lib/errors.ts";
import type { SourceEvent, Unreadable } from "../sources/source-event.ts";

export interface SourceIntakeParts {
  readonly source: LiveSource;
  readonly take: (source: LiveSource, event: Arrived) => Promise<Taken>;
  readonly quarantine: (source: LiveSource, unreadable: Unreadable) => Promise<void>;
  /** Throws if this node may no longer write for the source. */
  readonly check: () => void;
  /** Resolves after this time. Rejects when the read is stopped. */
  readonly wait: (ms: number) => Promise<void>;
  /** An event was quarantined because of this error. */
  readonly onRefused: (error: unknown) => void;
}

export type TakenAll =
  | { readonly kind: "stored"; readonly stored: number }
  | { readonly kind: "busy"; readonly retryAfterSeconds: number }
  /** The source has been deleted. */
  | { readonly kind: "gone" };

/** Events that are stored at the same time. */
const CHUNK = 64;
/** After this many consecutive failures, the event itself is considered the cause. Most queues have no such limit. */
const MAX_ATTEMPTS = 3;
const PAUSE_MS = 1000;
/** Errors that are not caused by the event. The peer keeps it until the database works again. */
const OUTAGES: ReadonlySet<PosthornErrorCode> = new Set([
  "storage_unavailable",
  "storage_full",
  "storage_corrupt",
  "shard_lost",
]);

/** Rejects if the database is unavailable; some events may be stored already. */
export async function takeAll(parts: SourceIntakeParts, events: readonly SourceEvent[]): Promise<TakenAll> {
  let stored = 0;
  for (let from = 0; from < events.length;) {
    // A node that was frozen must not write what its successor has already read.
    parts.check();
    const part = events.slice(from, from + CHUNK);
    const results = await Promise.all(part.map((event) => takeOne(parts, event)));
    stored += results.filter(({ kind }) => kind === "stored").length;
    if (results.some(({ kind }) => kind === "gone")) return { kind: "gone" };
    const firstBusy = results.findIndex(({ kind }) => kind === "busy");
    const busy = results[firstBusy];
    // Repetitions have given back their share of the quota.
    const isRetried = results.some(({ kind }) => kind === "duplicate");
    if (busy?.kind === "busy" && !isRetried) return busy;
    from += firstBusy === -1 ? part.length : firstBusy;
  }
  return { kind: "stored", stored };
}

async function takeOne(
  { source, take, quarantine, check, wait, onRefused }: SourceIntakeParts,
  event: SourceEvent,
): Promise<Taken | { readonly kind: "quarantined" }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await take(source, arrived(source, event));
    } catch (error) {
      if (error instanceof PosthornError && OUTAGES.has(error.code)) throw error;
      if (attempt === MAX_ATTEMPTS) {
        check();
        await quarantine(source, refused(event, error));
        onRefused(error);
        return { kind: "quarantined" };
      }
      await wait(PAUSE_MS * attempt);
      check();
    }
  }
}

function refused({ id, body, contentType }: SourceEvent, error: unknown): Unreadable {
  const cause = error instanceof Error ? error.message : String(error);
  const detail = `The event ${printable(id)} could not be stored in ${MAX_ATTEMPTS} attempts, and reading continues after it: ${printable(cause)}`;
  return { reason: "not_stored", detail, body, contentType: printable(contentType) };
}

/** Returns a string that any database can store. */
function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, "?")
    .slice(0, 500);
}

function arrived(
  { definition }: LiveSource,
  { id, type, body, contentType, occurredAt, headers }: SourceEvent,
): Arrived {
  const origin = { kind: "read" as const, provider: definition.id, scheme: definition.id, request: null };
  return { id, type, occurredAt, contentType, headers, body, trust: "none", origin };
}
