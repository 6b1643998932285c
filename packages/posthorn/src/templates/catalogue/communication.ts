/** Templates for communication. */
import { destinationFields, endpointFor, nameField, received, secretField } from "../fields.ts";
import { defineTemplate, type ExampleStep } from "../template.ts";

const LEVELS = ["info", "success", "warning", "error", "critical"] as const;

function notification(level: string): ExampleStep {
  const payload = {
    title: "Nightly export",
    message: "The export ended.",
    level,
    url: "https://example.com/exports/7",
  };
  return { kind: "publish", eventType: "notification.created", payload };
}

export const CHAT_NOTIFICATION = defineTemplate({
  title: "Team chat notification",
  category: "communication",
  summary:
    "Posts the notifications that your application publishes to a channel of your team, if they have at least a level of your choice. Posthorn retries while the chat is unavailable, and respects its rate limits.",
  needs: ["A webhook URL for the channel, from the settings of the chat."],
  fields: {
    name: nameField("Team chat notification"),
    level: {
      type: "choice",
      label: "Lowest level",
      help: "Notifications with a lower `level` are not posted.",
      required: false,
      secret: false,
      choices: LEVELS,
      default: "warning",
    },
    ...destinationFields("slack"),
  },
  setup: [
    "Publish messages with the event type notification.created to the application. The payload has `title`, `message`, `level` and `url`.",
  ],
  examples: [
    { title: "A warning", steps: [notification("warning")], receives: ["notification.created"] },
    { title: "A notification below the lowest level", steps: [notification("info")], receives: [] },
  ],
  plan: (values) => ({
    source: null,
    eventTypes: [
      { name: "notification.created", description: "A notification for people, with a title, a message and a level." },
    ],
    watch: null,
    endpoint: endpointFor(values, {
      eventTypes: ["notification.created"],
      filter: { body: { level: { $in: LEVELS.slice(LEVELS.indexOf(values.level)) } } },
      card: {
        title: "{{ body.title }}",
        text: "{{ body.message }}",
        fields: "Level: {{ body.level }}",
        link: "{{ body.url }}",
        severity: "{{ body.level }}",
      },
    }),
  }),
});

const PROBLEMS = ["email.bounced", "email.complained", "email.delivery_delayed", "email.failed"];
const ALL_EMAIL = [...PROBLEMS, "email.sent", "email.delivered"];

function email(type: string, more: object = {}): ExampleStep {
  const data = {
    email_id: "56761188-7520-42d8-8898-ff6fc54ce618",
    from: "Acme <hello@acme.example>",
    to: ["ada@example.com"],
    subject: "Your invoice",
    ...more,
  };
  return { kind: "request", body: { type, created_at: "2026-03-02T08:00:00.000Z", data } };
}

export const EMAIL_DELIVERY_STATUS = defineTemplate({
  title: "Email delivery status",
  category: "communication",
  summary:
    "Receives delivery events of your emails from Resend, and reports bounces, complaints, failures and delays, or every status.",
  needs: ["A Resend account that sends your emails."],
  fields: {
    name: nameField("Email delivery status"),
    secret: secretField(
      "Signing secret of the webhook, from the page Webhooks at Resend.",
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ),
    report: {
      type: "choice",
      label: "Report",
      help: "`problems`: bounced, complained, failed and delayed emails. `all`: also sent and delivered ones.",
      required: false,
      secret: false,
      choices: ["problems", "all"],
      default: "problems",
    },
    ...destinationFields("webhook"),
  },
  setup: [
    "At Resend, open Webhooks, and add a webhook with the URL of the source and the events that you want to be reported.",
    "Copy the signing secret of the webhook and enter it at the source, unless you have entered it in the form.",
  ],
  examples: [
    {
      title: "An email bounces",
      steps: [email("email.bounced", { bounce: { message: "The mailbox does not exist.", type: "Permanent" } })],
      receives: ["email.bounced"],
    },
    { title: "An email is delivered", steps: [email("email.delivered")], receives: [] },
  ],
  plan: (values) =>
    received("resend", values, {
      eventTypes: values.report === "all" ? ALL_EMAIL : PROBLEMS,
      card: {
        title: '{{ eventType | humanise }}: {{ body.data.to | join: ", " }}',
        fields: "Subject: {{ body.data.subject }}\nReason: {{ body.data.bounce.message }}",
        severity:
          '{{ eventType | map: "email.delivered", "success", "email.sent", "info", "email.delivery_delayed", "warning" | default: "error" }}',
      },
    }),
});

const calendar = (start: string, uid: string): ExampleStep => ({
  kind: "page",
  contentType: "text/calendar",
  body: [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Example//EN",
    "BEGIN:VEVENT",
    `UID:${uid}@example.com`,
    "DTSTAMP:20260301T120000Z",
    `DTSTART:${start}`,
    "DURATION:PT30M",
    "SUMMARY:Weekly review",
    "LOCATION:Room 4",
    "END:VEVENT",
    "END:VCALENDAR",
    "",
  ].join("\r\n"),
});

export const CALENDAR_REMINDER = defineTemplate({
  title: "Calendar reminder",
  category: "communication",
  summary:
    "Reads a calendar in the iCalendar format, and reminds a channel or your application before each appointment starts. Recurring appointments and time zones are taken into account.",
  needs: ["The iCalendar URL (`.ics`) of the calendar. Most calendar apps call it the secret or public address."],
  fields: {
    name: nameField("Calendar reminder"),
    url: {
      type: "url",
      label: "URL of the calendar",
      help: "Address of the calendar in the iCalendar format.",
      required: true,
      secret: false,
      schemes: ["https:", "http:"],
      example: "https://calendar.example.com/team.ics",
    },
    minutesBefore: {
      type: "integer",
      label: "Minutes before the start",
      help: "How long before an appointment the reminder is sent.",
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
    },
    ...destinationFields("slack"),
  },
  setup: [],
  examples: [
    {
      title: "An appointment at 09:00, read at 08:00",
      steps: [calendar("20260302T090000Z", "review-1"), { kind: "wait", minutes: 50 }],
      receives: ["calendar.starting"],
    },
    {
      title: "An appointment next month",
      steps: [calendar("20260402T090000Z", "review-2"), { kind: "wait", minutes: 50 }],
      receives: [],
    },
  ],
  plan: (values) => ({
    source: {
      kind: "ical",
      config: {
        url: values.url,
        minutesBefore: values.minutesBefore,
        timeZone: values.timeZone,
        everySeconds: 900,
      },
    },
    eventTypes: [],
    watch: null,
    endpoint: endpointFor(values, {
      eventTypes: ["calendar.starting"],
      card: {
        title: "Starting soon: {{ body.summary }}",
        fields: `Start: {{ body.start | date: "YYYY-MM-DD HH:mm", "${values.timeZone}" }}\nPlace: {{ body.location }}`,
        link: "{{ body.url }}",
        severity: "info",
      },
    }),
  }),
});
