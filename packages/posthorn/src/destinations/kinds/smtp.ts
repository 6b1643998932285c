import { connectionKind } from "../kind.ts";
import { choice, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

const ADDRESS = '[^\\s@<>,;:"()\\[\\]\\\\]+@[^\\s@<>,;:"()\\[\\]\\\\]+';

export const SMTP = connectionKind({
  family: "connection",
  title: "Email (SMTP)",
  summary: "Sends each message as an email, with the payload as text and a summary in HTML.",
  group: "mail",
  fields: {
    host: {
      type: "text",
      label: "Server",
      help: "Host name of the SMTP server that sends your mail.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 253,
      pattern: "[^\\s/:@]+|\\[?[0-9a-fA-F:]+\\]?",
      example: "smtp.example.com",
    },
    port: {
      type: "integer",
      label: "Port",
      help: "587 with STARTTLS, 465 with TLS.",
      required: false,
      secret: false,
      isTarget: true,
      minimum: 1,
      maximum: 65_535,
      default: 587,
    },
    security: choice({
      label: "Encryption",
      help: "starttls requires an encrypted connection after the greeting; tls starts with one; none sends everything in clear text.",
      choices: ["starttls", "tls", "none"],
      default: "starttls",
    }),
    username: USERNAME,
    password: PASSWORD,
    from: {
      type: "text",
      label: "From",
      help: "Address of the sender. The server must accept it.",
      required: true,
      secret: false,
      maxLength: 254,
      pattern: ADDRESS,
      example: "webhooks@example.com",
    },
    to: {
      type: "text",
      label: "To",
      help: "Addresses of up to 10 recipients, separated by commas.",
      required: true,
      secret: false,
      maxLength: 2600,
      pattern: `${ADDRESS}(?:, ?${ADDRESS}){0,9}`,
      example: "team@example.com",
    },
    subject: {
      type: "text",
      label: "Subject",
      help: "{{eventType}}, {{eventId}} and {{messageId}} are replaced with those of the message.",
      required: false,
      secret: false,
      maxLength: 200,
      default: "{{eventType}}",
    },
    html: {
      type: "boolean",
      label: "HTML summary",
      help: "Adds an HTML part with title, text, fields and link of the event. Mail programs show it instead of the payload.",
      required: false,
      secret: false,
      default: true,
    },
    unsubscribe: {
      type: "text",
      label: "Unsubscribe link",
      help: "https: or mailto: URL that lets recipients unsubscribe (header List-Unsubscribe). Mail providers expect it from senders of many emails.",
      required: false,
      secret: false,
      maxLength: 1000,
      pattern: "https://[!#-;=?-~]+|mailto:[!#-;=?-~]+@[!#-;=?-~]+",
      example: "https://example.com/unsubscribe",
    },
    ca: TLS_FIELDS.ca,
  },
  limits: { bodyBytes: 10 * 1024 * 1024, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "Create an account or an app password for SMTP at your mail provider.",
    "Allow the sender address for this account, and set up SPF and DKIM for its domain.",
    "Enter the server, the credentials and the addresses here, and send a test event.",
  ],
  packages: ["nodemailer@10"],
  ports: [25, 465, 587, 2465, 2525, 2587],
  check: ({ username, password }) =>
    username !== null && password === null
      ? { field: "password", problem: "Enter the password of the account." }
      : null,
  target: ({ host, port, to }) =>
    `smtp://${host.includes(":") ? `[${host.replace(/^\[|\]$/g, "")}]` : host}:${port}/${to.split(/, ?/)[0]!}`,
});
