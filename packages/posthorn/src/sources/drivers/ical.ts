import { type Cursor, type PolledDriver, type Polled, SourceFailure, type SourceHost } from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { ICAL_KIND } from "../kinds/ical.ts";
import type { Calendar } from "../parse/calendar.ts";
import { type Appointments, compare, LATE_MS, MAX_KNOWN, starting } from "./calendar-changes.ts";
import { get } from "./request.ts";

type Config = ConfigOf<(typeof ICAL_KIND)["fields"]>;

interface State {
  readonly known: Appointments;
  readonly reads: number;
  /** Occurrences that start until this time have been emitted. */
  readonly toldUntil: number;
}

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
    throw new SourceFailure("unreadable", `The response is not a calendar: ${parsed.detail}`, {
      hint: "Enter the address of the calendar in the iCalendar format.",
    });
  }
  const calendar = parsed.value as Calendar;
  const isSilent = cursor === null && config.start === "baseline";
  const { changes, known } = compare(
    { name: calendar.name, events: calendar.events.slice(0, MAX_KNOWN) },
    before.known,
    { kind: "ical", now, isSilent, reads: before.reads },
  );
  const due = calendar.occurrences.filter(({ startsAt }) => startsAt <= now + ahead);
  const later = calendar.occurrences.find(({ startsAt }) => startsAt > now + ahead);
  const toldUntil = Math.max(before.toldUntil, now + ahead);
  return {
    events: [...changes, ...starting({ name: calendar.name, occurrences: due }, { kind: "ical", now })],
    cursor: { known, reads: before.reads + 1, toldUntil },
    next:
      later === undefined ? { kind: "interval" } : { kind: "at", at: Math.min(later.startsAt - ahead, now + everyMs) },
  };
}

function stateOf(cursor: Cursor | null, toldUntil: number): State {
  if (cursor === null) return { known: {}, reads: 0, toldUntil };
  return cursor as unknown as State;
}
