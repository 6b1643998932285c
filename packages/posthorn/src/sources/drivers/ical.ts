import {
  type Cursor,
  type PolledDriver,
  type Polled,
  SourceFailure,
  type SourceEvent,
  type SourceHost,
} from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { ICAL_KIND } from "../kinds/ical.ts";
import type { Calendar } from "../parse/calendar.ts";
import { get, shortHash } from "./request.ts";

type Config = ConfigOf<(typeof ICAL_KIND)["fields"]>;

/** What is remembered of an appointment. UID and summary tell which one was removed. */
type Known = readonly [hash: string, endsAt: number | null, uid: string, summary: string];
type Appointments = Readonly<Record<string, Known>>;

interface State {
  readonly known: Appointments;
  /** Number of reads so far. Part of the event ID, so that an appointment that is created or changed again is a new event. */
  readonly reads: number;
  /** Occurrences that start until this time have been emitted. */
  readonly toldUntil: number;
}

/** Appointments that are compared, of those in the document. */
const MAX_KNOWN = 1000;
/** An occurrence that is read later than this after its start is not emitted. */
const LATE_MS = 900_000;

/**
 * The cursor has the appointments that have not ended, and the time until which starts were emitted. The document is read again whenever an
 * occurrence is due, so that one that was moved or removed in the meantime is not emitted.
 */
export const ICAL_DRIVER: PolledDriver = { family: "poll", poll };

async function poll(host: SourceHost, cursor: Cursor | null): Promise<Polled> {
  const config = host.config as Config;
  const now = host.now();
  const ahead = config.minutesBefore * 60_000;
  const before = stateOf(cursor, now + ahead);
  const everyMs = config.everySeconds * 1000;
  const response = await get(host, config, { accept: "text/calendar, */*;q=0.5", validators: null });
  const parsed = await host.parse({
    kind: "calendar",
    body: response.body,
    from: Math.max(before.toldUntil, now - LATE_MS),
    to: now + ahead + everyMs,
    timeZone: config.timeZone,
  });
  if (parsed.kind === "unreadable") {
    throw new SourceFailure("unreadable", `The response is no calendar: ${parsed.detail}`, {
      hint: "Enter the address of the calendar in the iCalendar format.",
    });
  }
  const calendar = parsed.value as Calendar;
  const isSilent = cursor === null && config.start === "baseline";
  const { changes, known } = compare(calendar, before, { now, isSilent });
  const due = calendar.occurrences.filter(({ startsAt }) => startsAt <= now + ahead);
  const later = calendar.occurrences.find(({ startsAt }) => startsAt > now + ahead);
  const toldUntil = Math.max(before.toldUntil, now + ahead);
  return {
    events: [
      ...changes,
      ...due.map(({ id, startsAt, json }) =>
        eventOf(calendar, { id: `ical/starting/${id}/${startsAt}`, type: "calendar.starting", json, at: now }),
      ),
    ],
    cursor: { known, reads: before.reads + 1, toldUntil },
    next:
      later === undefined ? { kind: "interval" } : { kind: "at", at: Math.min(later.startsAt - ahead, now + everyMs) },
  };
}

function stateOf(cursor: Cursor | null, toldUntil: number): State {
  if (cursor === null) return { known: {}, reads: 0, toldUntil };
  return cursor as unknown as State;
}

interface Facts {
  readonly now: number;
  /** Appointments are noted, and nothing is emitted. */
  readonly isSilent: boolean;
}

function compare(
  calendar: Calendar,
  before: State,
  { now, isSilent }: Facts,
): { readonly changes: readonly SourceEvent[]; readonly known: Appointments } {
  const changes: SourceEvent[] = [];
  const known: Record<string, Known> = {};
  const present = new Set<string>();
  const emit = (change: string, key: string, hash: string, json: string): void => {
    const id = `ical/${change}/${key}/${before.reads}/${hash}`;
    if (!isSilent) changes.push(eventOf(calendar, { id, type: `calendar.${change}`, json, at: now }));
  };
  for (const event of calendar.events.slice(0, MAX_KNOWN)) {
    const key = shortHash(event.key);
    present.add(key);
    const last = before.known[key];
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
  for (const [key, [hash, endsAt, uid, summary]] of Object.entries(before.known)) {
    if (!present.has(key) && !hasEnded(endsAt, now)) emit("removed", key, hash, JSON.stringify({ uid, summary }));
  }
  return { changes, known };
}

function hasEnded(endsAt: number | null, now: number): boolean {
  return endsAt !== null && endsAt < now;
}

function eventOf(
  { name }: Calendar,
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
