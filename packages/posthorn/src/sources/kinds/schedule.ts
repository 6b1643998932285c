import { polledKind } from "../kind.ts";
import { scheduleProblem } from "../schedule/due-times.ts";
import { payloadProblem } from "../schedule/payload.ts";

/** What happens to due times that passed while no node could fire them. */
export const MISSED = ["skip", "last", "all"] as const;

export const SCHEDULE = polledKind({
  family: "poll",
  title: "Schedule",
  summary: "Emits an event at the times of a cron expression, or at an interval.",
  group: "schedule",
  fields: {
    cron: {
      type: "text",
      label: "Cron expression",
      help: "Minute, hour, day of month, month, day of week, optionally with seconds in front. Leave it empty to use an interval.",
      required: false,
      secret: false,
      maxLength: 256,
      example: "0 9 * * 1-5",
    },
    timeZone: {
      type: "text",
      label: "Time zone",
      help: "IANA name of the zone in which the cron expression is read. A time that daylight saving skips fires when the gap ends; a repeated time fires once.",
      required: false,
      secret: false,
      maxLength: 64,
      default: "UTC",
      example: "Europe/Berlin",
    },
    everySeconds: {
      type: "integer",
      label: "Interval in seconds",
      help: "Time between two events, counted from the creation of the source. Leave it empty to use a cron expression.",
      required: false,
      secret: false,
      minimum: 30,
      maximum: 31_536_000,
    },
    missed: {
      type: "choice",
      label: "Missed times",
      help: "What to do about due times that passed while the server was down: emit none of them, the last one, or all of them, at most the last 1,000.",
      required: false,
      secret: false,
      choices: MISSED,
      default: "last",
    },
    eventType: {
      type: "text",
      label: "Event type",
      help: "Type of the events.",
      required: false,
      secret: false,
      maxLength: 256,
      pattern: "[a-zA-Z0-9\\-_.]+",
      default: "schedule.due",
    },
    payload: {
      type: "text",
      label: "Payload",
      help: "Body of the events. {{scheduledAt}}, {{scheduledAtLocal}}, {{name}} and {{sourceId}} are replaced. Default: a JSON object with these values.",
      required: false,
      secret: false,
      maxLength: 65_536,
      multiline: true,
      example: '{"report": "daily", "at": "{{scheduledAt}}"}',
    },
    contentType: {
      type: "text",
      label: "Content type",
      help: "Content type of the payload. The payload of application/json must be valid JSON.",
      required: false,
      secret: false,
      maxLength: 256,
      default: "application/json",
    },
  },
  events: [{ type: "{eventType}", description: "A due time was reached." }],
  repeats: "dropped",
  setup: ["Enter a cron expression with its time zone, or an interval.", "Add endpoints that receive the events."],
  everyMs: () => null,
  check: (config) => scheduleProblem(config) ?? payloadProblem(config),
  target: () => null,
});
