/**
 * Places in the order of a feed, and cursors.
 *
 * The place of a message is its key, unless readers could have passed that key before it was stored. Its place is then behind another key, in
 * the order of the late messages there (see migration 040). The order never changes, and is the same for every reader.
 */
import { invalid } from "../../lib/errors.ts";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";

export interface Position {
  readonly key: number;
  /** Key of a late message behind `key`; 0 for the message `key` itself. */
  readonly late: number;
}

export const FEED_START: Position = { key: 0, late: 0 };

/** Negative if `a` comes before `b`. */
export function compare(a: Position, b: Position): number {
  return a.key - b.key || a.late - b.late;
}

export function laterOf(a: Position, b: Position): Position {
  return compare(a, b) < 0 ? b : a;
}

/** The place before the messages of this time and later. */
export function positionAtTime(ms: number): Position {
  return { key: Math.max(0, keyAtTime(ms) - 1), late: 0 };
}

/** Unix milliseconds at a place, with a resolution of 4 ms. */
export function timeOf({ key }: Position): number {
  return timeOfKey(key);
}

/** The messages of an application, or those that match one of its endpoints. */
export interface Feed {
  readonly appKey: number;
  /** 0: the feed of the application. */
  readonly endpointKey: number;
}

const VERSION = 1;

/** Opaque to clients. Contains the feed, so that a cursor of another feed is recognised. */
export function encodeCursor({ appKey, endpointKey }: Feed, { key, late }: Position): string {
  return Buffer.from([VERSION, appKey, endpointKey, key, late].map((part) => part.toString(36)).join(".")).toString(
    "base64url",
  );
}

/** @param path Where the cursor was in the request. */
export function decodeCursor({ appKey, endpointKey }: Feed, cursor: string, path: readonly string[]): Position {
  const parts = Buffer.from(cursor, "base64url")
    .toString("latin1")
    .split(".")
    .map((part) => (/^[0-9a-z]{1,11}$/.test(part) ? Number.parseInt(part, 36) : Number.NaN));
  const [version, app, endpoint, key, late] = parts;
  if (parts.length !== 5 || version !== VERSION || !parts.every(Number.isSafeInteger)) {
    throw invalid(path, "Not a cursor: pass one from an earlier response, or omit it.");
  }
  if (app !== appKey || endpoint !== endpointKey) throw invalid(path, "This cursor belongs to another feed.");
  return { key: key!, late: late! };
}
