import { type Fields, polledKind } from "../kind.ts";
import { isTimeZone } from "../schedule/time-zone.ts";
import { everySecondsField, REQUEST_FIELDS, requestProblem, START_FIELD, URL_FIELD } from "./request-fields.ts";

/** Fields of kinds that read calendars. */
export const CALENDAR_FIELDS = {
  minutesBefore: {
    type: "integer",
    label: "Minutes before the start",
    help: "How long before an appointment `calendar.starting` is emitted.",
    required: false,
    secret: false,
    minimum: 0,
    maximum: 10_080,
    default: 15,
  },
  timeZone: {
    type: "text",
    label: "Time zone",
    help: "IANA name of the zone of all-day appointments, and of times without a zone.",
    required: false,
    secret: false,
    maxLength: 64,
    default: "UTC",
    example: "Europe/Berlin",
  },
} as const satisfies Fields;

/** Events of kinds that read calendars. */
export const CALENDAR_EVENTS = [
  {
    type: "calendar.starting",
    description: "An appointment, or an occurrence of a recurring one, starts in `minutesBefore` minutes.",
  },
  { type: "calendar.created", description: "There is a new appointment." },
  { type: "calendar.changed", description: "An appointment has changed, for example its time." },
  { type: "calendar.removed", description: "An appointment that had not ended was deleted or cancelled." },
] as const;

export const ICAL_KIND = polledKind({
  family: "poll",
  title: "iCalendar",
  summary:
    "Reads a calendar at a URL, and emits an event before an appointment starts, and when one is created, changed or removed.",
  group: "calendar",
  fields: {
    url: { ...URL_FIELD, example: "https://calendar.example.com/team.ics" },
    ...REQUEST_FIELDS,
    everySeconds: everySecondsField(900),
    ...CALENDAR_FIELDS,
    start: START_FIELD,
  },
  events: CALENDAR_EVENTS,
  repeats: "dropped",
  setup: [
    "Enter the URL of the calendar in the iCalendar format (`.ics`), which most calendars call its secret or public address.",
  ],
  everyMs: ({ everySeconds }) => everySeconds * 1000,
  check: (config) => {
    if (isTimeZone(config.timeZone)) return requestProblem(config);
    return { field: "timeZone", problem: "Unknown time zone. Use an IANA name such as Europe/Berlin." };
  },
  target: ({ url }) => url,
});
