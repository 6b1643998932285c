/** Events of an iCalendar document (RFC 5545), with the occurrences of recurring ones in a period. */
import { createHash } from "node:crypto";
import ICAL from "ical.js";
import { instantAt, isTimeZone } from "../schedule/time-zone.ts";

export interface CalendarJob {
  readonly body: Uint8Array;
  /** Occurrences that start between these times are listed, in Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Time zone of times without one. */
  readonly timeZone: string;
}

export interface Calendar {
  readonly name: string | null;
  readonly events: readonly CalendarEvent[];
  /** By start. */
  readonly occurrences: readonly Occurrence[];
}

export interface CalendarEvent {
  /** UID; for a changed occurrence of a recurring event, with its original start. */
  readonly key: string;
  readonly uid: string;
  readonly summary: string;
  readonly isCancelled: boolean;
  /** Changes with the event. */
  readonly hash: string;
  /** Unix milliseconds; `null`: it recurs without an end. */
  readonly endsAt: number | null;
  readonly json: string;
}

export interface Occurrence {
  readonly key: string;
  /** Original start, which identifies the occurrence. */
  readonly id: string;
  readonly startsAt: number;
  readonly json: string;
}

const MAX_EVENTS = 3000;
const MAX_OCCURRENCES = 500;
/** Steps through the occurrences of one event, which begins in the past. */
const MAX_STEPS = 20_000;

/** @throws {Error} If it is not a calendar. */
export function parseCalendar({ body, ...period }: CalendarJob): Calendar {
  return readCalendar(new TextDecoder().decode(body), period);
}

/** @throws {Error} If it is not a calendar. */
export function readCalendar(text: string, { from, to, timeZone }: Omit<CalendarJob, "body">): Calendar {
  const root = new ICAL.Component(ICAL.parse(text) as unknown[]);
  if (root.name !== "vcalendar") throw new Error("It is not a calendar.");
  for (const zone of root.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = root
    .getAllSubcomponents("vevent")
    .slice(0, MAX_EVENTS)
    .filter((component) => component.getFirstPropertyValue("dtstart") !== null)
    .map((component) => new ICAL.Event(component));
  const masters = new Map(events.filter((event) => !event.isRecurrenceException()).map((event) => [event.uid, event]));
  for (const event of events) if (event.isRecurrenceException()) masters.get(event.uid)?.relateException(event);
  const read = new Reader(timeZone);
  const occurrences = [...masters.values()].flatMap((event) => read.occurrences(event, from, to));
  return {
    name: textOf(root.getFirstPropertyValue("x-wr-calname")),
    // The first of them are compared: those that end last.
    events: events
      .map((event) => read.event(event))
      .sort((one, other) => (other.endsAt ?? Number.MAX_SAFE_INTEGER) - (one.endsAt ?? Number.MAX_SAFE_INTEGER)),
    occurrences: occurrences.sort((one, other) => one.startsAt - other.startsAt).slice(0, MAX_OCCURRENCES),
  };
}

class Reader {
  readonly #timeZone: string;

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  event(event: ICAL.Event): CalendarEvent {
    const facts = this.#facts(event, event.startDate, event.endDate);
    const recurrence = event.isRecurrenceException() ? `/${event.recurrenceId.toString()}` : "";
    const rules = event.component
      .getAllProperties()
      .flatMap((property) =>
        /^(?:rrule|rdate|exdate|exrule|sequence)$/.test(property.name) ? [property.toICALString()] : [],
      );
    const json = JSON.stringify(facts);
    return {
      key: `${event.uid}${recurrence}`,
      uid: event.uid,
      summary: event.summary ?? "",
      isCancelled: facts.status === "CANCELLED",
      hash: createHash("sha256")
        .update(`${json}\n${rules.join("\n")}`)
        .digest("base64url")
        .slice(0, 12),
      endsAt: event.isRecurring() ? null : this.#instant(event.endDate ?? event.startDate),
      json,
    };
  }

  occurrences(event: ICAL.Event, from: number, to: number): readonly Occurrence[] {
    if (statusOf(event) === "CANCELLED") return [];
    if (!event.isRecurring()) return this.#within([this.#occurrence(event, event.startDate)], from, to);
    const found: Occurrence[] = [];
    const zone = zoneName(event.startDate) ?? this.#timeZone;
    const dates = event.iterator();
    for (let step = 0; step < MAX_STEPS; step++) {
      const date = (dates.next() as ICAL.Time | null | undefined) ?? null;
      const at = date === null ? null : this.#instant(date, zone);
      // Moved occurrences may start before the one that follows them.
      if (date === null || at === null || at > to + MAX_MOVE_MS) break;
      if (at >= from - MAX_MOVE_MS) found.push(this.#occurrence(event, date));
    }
    return this.#within(found, from, to);
  }

  #within(occurrences: readonly Occurrence[], from: number, to: number): readonly Occurrence[] {
    return occurrences.filter(({ startsAt }) => startsAt > from && startsAt <= to);
  }

  #occurrence(event: ICAL.Event, date: ICAL.Time): Occurrence {
    // Occurrences have lost the name of the zone that their series has.
    const zone = zoneName(event.startDate) ?? this.#timeZone;
    const { item, startDate, endDate } = event.isRecurring()
      ? event.getOccurrenceDetails(date)
      : { item: event, startDate: event.startDate, endDate: event.endDate };
    return {
      key: event.uid,
      id: `${event.uid}/${date.toString()}`,
      startsAt: this.#instant(startDate, zone),
      json: JSON.stringify(this.#facts(item, startDate, endDate, zone)),
    };
  }

  #facts(event: ICAL.Event, start: ICAL.Time, end: ICAL.Time | null, zone: string = this.#timeZone) {
    return {
      uid: event.uid,
      summary: event.summary ?? null,
      description: event.description ?? null,
      location: event.location ?? null,
      start: new Date(this.#instant(start, zone)).toISOString(),
      end: end === null ? null : new Date(this.#instant(end, zone)).toISOString(),
      allDay: start.isDate,
      timeZone: zoneName(start) ?? zoneName(event.startDate),
      status: statusOf(event),
      organizer: event.organizer ?? null,
      attendees: event.attendees.slice(0, 100).map((attendee) => textOf(attendee.getFirstValue())),
      url: textOf(event.component.getFirstPropertyValue("url")),
      isRecurring: event.isRecurring() || event.isRecurrenceException(),
    };
  }

  /**
   * Named zones are converted by their names, as those of schedules are. Others are defined in the document.
   *
   * @param zone Zone of times without one.
   */
  #instant(time: ICAL.Time, zone: string = this.#timeZone): number {
    if (time.zone === ICAL.Timezone.utcTimezone) return time.toUnixTime() * 1000;
    const { year, month, day, hour, minute, second } = time;
    const name = zoneName(time);
    const wall = Date.UTC(year, month - 1, day, hour, minute, second);
    if (name !== null) return instantAt(name, wall);
    const isFloating = time.zone === ICAL.Timezone.localTimezone || time.isDate;
    return isFloating ? instantAt(zone, wall) : time.toUnixTime() * 1000;
  }
}

/** How far an occurrence may be moved from its original start and still be found. */
const MAX_MOVE_MS = 7 * 86_400_000;

/** The TZID, if it is the name of a time zone. The property is missing in the types of the library. */
function zoneName(time: ICAL.Time): string | null {
  const { timezone } = time as ICAL.Time & { readonly timezone?: unknown };
  return typeof timezone === "string" && isTimeZone(timezone) ? timezone : null;
}

function statusOf(event: ICAL.Event): string | null {
  return textOf(event.component.getFirstPropertyValue("status"))?.toUpperCase() ?? null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
