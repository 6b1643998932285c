/** Rows of the live page: the latest events, events received while paused, and gaps. Pure functions. */
import type { LiveEvent } from "./live.ts";

export type TailRow =
  | { readonly kind: "event"; readonly key: string; readonly event: LiveEvent }
  /** A gap after a lost connection: the number of messages fetched for it, or `null` when that failed. */
  | { readonly kind: "gap"; readonly key: string; readonly caughtUp: number | null };

export interface Tail {
  /** Newest first. */
  readonly rows: readonly TailRow[];
  /** Received while paused, newest first. */
  readonly waiting: readonly TailRow[];
  readonly paused: boolean;
  /** Number of rows removed beyond the limit. */
  readonly dropped: number;
}

export const EMPTY_TAIL: Tail = { rows: [], waiting: [], paused: false, dropped: 0 };

/** Maximum number of rows. */
export const MAX_ROWS = 1000;

export function withEvents(tail: Tail, events: readonly LiveEvent[]): Tail {
  return withRows(tail, events.map(rowOf).toReversed());
}

/** Adds a gap and the events fetched for it, oldest first; `null` when they could not be fetched. */
export function withGap(tail: Tail, id: string, events: readonly LiveEvent[] | null): Tail {
  const gap: TailRow = { kind: "gap", key: `gap ${id}`, caughtUp: events?.length ?? null };
  return withEvents(withRows(tail, [gap]), events ?? []);
}

/** Adds events from before the tail began, oldest first. */
export function withOlder(tail: Tail, events: readonly LiveEvent[]): Tail {
  const known = new Set([...tail.rows, ...tail.waiting].map(({ key }) => key));
  const older = events.toReversed().map(rowOf);
  return { ...tail, rows: [...tail.rows, ...older.filter(({ key }) => !known.has(key))].slice(0, MAX_ROWS) };
}

export function pausedTail(tail: Tail): Tail {
  return { ...tail, paused: true };
}

export function resumedTail(tail: Tail): Tail {
  return withRows({ ...tail, paused: false, waiting: [] }, tail.waiting);
}

/** Time of the newest event; `null` when there is none. */
export function newestAt({ rows, waiting }: Tail): string | null {
  const newest = [...waiting, ...rows].find((row) => row.kind === "event");
  return newest?.kind === "event" ? newest.event.timestamp : null;
}

function withRows(tail: Tail, fresh: readonly TailRow[]): Tail {
  const known = new Set([...tail.rows, ...tail.waiting].map(({ key }) => key));
  const rows = [...fresh.filter(({ key }) => !known.has(key)), ...(tail.paused ? tail.waiting : tail.rows)];
  const kept = rows.slice(0, MAX_ROWS);
  const dropped = tail.dropped + rows.length - kept.length;
  return tail.paused ? { ...tail, waiting: kept, dropped } : { ...tail, rows: kept, dropped };
}

function rowOf(event: LiveEvent): TailRow {
  return { kind: "event", key: `${event.type} ${keyOf(event)}`, event };
}

function keyOf(event: LiveEvent): string {
  return event.type === "message.accepted" ? event.msgId : event.attemptId;
}
