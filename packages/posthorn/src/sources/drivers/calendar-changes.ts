/** Compares appointments with the known ones, and creates events for the changes. Shared by kinds that read calendars. */
import type { SourceEvent } from "../driver.ts";
import type { Calendar, CalendarEvent, Occurrence } from "../parse/calendar.ts";
import { shortHash } from "./request.ts";

/** Known state of an appointment. UID and summary identify it in the event if it is removed. */
type Known = readonly [hash: string, endsAt: number | null, uid: string, summary: string];
export type Appointments = Readonly<Record<string, Known>>;

/** Maximum number of appointments of a calendar that are compared. */
export const MAX_KNOWN = 1000;
/** An occurrence that is read later than this after its start is not emitted. */
export const LATE_MS = 900_000;

export interface Reading {
  /** Kind of the source, which event IDs begin with. */
  readonly kind: "ical" | "caldav";
  readonly now: number;
  /** Whether appointments are only recorded, without events. */
  readonly isSilent: boolean;
  /** Number of reads so far. Part of the event ID, so that an appointment that is created or changed again is a new event. */
  readonly reads: number;
}

type Changes = { readonly changes: readonly SourceEvent[]; readonly known: Appointments };

/** Changes between the known appointments and those of a calendar. */
export function compare(
  { name, events }: { readonly name: string | null; readonly events: readonly CalendarEvent[] },
  before: Appointments,
  reading: Reading,
): Changes {
  const { kind, now, isSilent, reads } = reading;
  const changes: SourceEvent[] = [];
  const known: Record<string, Known> = {};
  const present = new Set<string>();
  const emit = (change: string, key: string, hash: string, json: string): void => {
    const id = `${kind}/${change}/${key}/${reads}/${hash}`;
    if (!isSilent) changes.push(eventOf(name, { id, type: `calendar.${change}`, json, at: now }));
  };
  for (const event of events) {
    const key = keyOf(event);
    present.add(key);
    const last = before[key];
    // Appointments that have ended are neither new nor changed.
    if (last === undefined && (hasEnded(event.endsAt, now) || event.isCancelled)) continue;
    if (event.isCancelled) {
      emit("removed", key, event.hash, event.json);
      continue;
    }
    known[key] = [event.hash, event.endsAt, event.uid.slice(0, 128), event.summary.slice(0, 64)];
    if (last === undefined) emit("created", key, event.hash, event.json);
    else if (last[0] !== event.hash) emit("changed", key, event.hash, event.json);
  }
  for (const [key, [hash, endsAt, uid, summary]] of Object.entries(before)) {
    if (!present.has(key) && !hasEnded(endsAt, now)) emit("removed", key, hash, JSON.stringify({ uid, summary }));
  }
  return { changes, known };
}

export function keyOf({ key }: CalendarEvent): string {
  return shortHash(key);
}

/** Events of occurrences that start now. */
export function starting(
  { name, occurrences }: Pick<Calendar, "name"> & { readonly occurrences: readonly Occurrence[] },
  { kind, now }: Pick<Reading, "kind" | "now">,
): readonly SourceEvent[] {
  return occurrences.map(({ id, startsAt, json }) =>
    eventOf(name, { id: `${kind}/starting/${id}/${startsAt}`, type: "calendar.starting", json, at: now }),
  );
}

export function hasEnded(endsAt: number | null, now: number): boolean {
  return endsAt !== null && endsAt < now;
}

function eventOf(
  name: string | null,
  { id, type, json, at }: { readonly id: string; readonly type: string; readonly json: string; readonly at: number },
): SourceEvent {
  const contentType = "application/json";
  return {
    id,
    type,
    body: Buffer.from(`{"calendar":${JSON.stringify(name)},"appointment":${json}}`),
    contentType,
    occurredAt: at,
    headers: ["content-type", contentType],
  };
}
