import { polledKind } from "../kind.ts";
import { isTimeZone } from "../schedule/time-zone.ts";
import { CALENDAR_EVENTS, CALENDAR_FIELDS } from "./ical.ts";
import { everySecondsField, REQUEST_FIELDS, requestProblem, START_FIELD, URL_FIELD } from "./request-fields.ts";

export const CALDAV = polledKind({
  family: "poll",
  title: "CalDAV",
  summary:
    "Reads a calendar of a CalDAV server, and emits an event before an appointment starts, and when one is created, changed or removed.",
  group: "calendar",
  fields: {
    url: {
      ...URL_FIELD,
      label: "Server or calendar",
      help: "URL of the CalDAV server, of the account, or of one calendar.",
      example: "https://dav.example.com/",
    },
    calendar: {
      type: "text",
      label: "Calendar",
      help: "Name of the calendar, if the URL is not that of a calendar and the account has several.",
      required: false,
      secret: false,
      maxLength: 256,
      example: "Work",
    },
    ...REQUEST_FIELDS,
    auth: { ...REQUEST_FIELDS.auth, default: "basic" },
    everySeconds: everySecondsField(300),
    ...CALENDAR_FIELDS,
    start: START_FIELD,
  },
  events: CALENDAR_EVENTS,
  repeats: "dropped",
  setup: [
    "Enter the URL of your server. Posthorn finds the calendars of the account; enter the name of one if there are several. The URL of a calendar works as well: Nextcloud shows it under “Copy private link”, Radicale and Baïkal in the list of collections.",
    "Create an app password where the server has them (Nextcloud, iCloud, Fastmail), and enter it with the user name.",
    "For Google Calendar use the kind `ical` with the secret address in iCal format: Google's CalDAV accepts short-lived tokens only.",
  ],
  everyMs: ({ everySeconds }) => everySeconds * 1000,
  check: (config) => {
    if (isTimeZone(config.timeZone)) return requestProblem(config);
    return { field: "timeZone", problem: "Unknown time zone. Use an IANA name such as Europe/Berlin." };
  },
  target: ({ url }) => url,
});
