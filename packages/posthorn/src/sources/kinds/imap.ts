import { createHash } from "node:crypto";
import { listeningKind } from "../kind.ts";
import { choice, clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./broker-fields.ts";
import { MAIL_FIELDS } from "./mail-fields.ts";
import { START_FIELD } from "./request-fields.ts";

export const IMAP = listeningKind({
  family: "listen",
  title: "IMAP mailbox",
  summary: "Reads a mailbox, and emits an event for each new email as soon as it arrives.",
  group: "mail",
  fields: {
    host: {
      type: "text",
      label: "Server",
      help: "Host name of the IMAP server.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 253,
      pattern: "[^\\s/:@]+|\\[?[0-9a-fA-F:]+\\]?",
      example: "imap.example.com",
    },
    port: {
      type: "integer",
      label: "Port",
      help: "993 with TLS, 143 with STARTTLS.",
      required: false,
      secret: false,
      isTarget: true,
      minimum: 1,
      maximum: 65_535,
      default: 993,
    },
    security: choice({
      label: "Encryption",
      help: "`tls` starts with an encrypted connection; `starttls` requires one after the greeting; `none` sends the password in clear text.",
      choices: ["tls", "starttls", "none"],
      default: "tls",
    }),
    username: {
      ...USERNAME,
      help: "Name of the account, usually the whole address.",
      required: true,
      example: "orders@example.com",
    },
    password: { ...PASSWORD, help: "Password of the account, or an app password." },
    accessToken: {
      type: "text",
      label: "Access token",
      help: "OAuth 2.0 token instead of a password, for servers with XOAUTH2. Posthorn does not renew it.",
      required: false,
      secret: true,
      maxLength: 8192,
    },
    mailbox: {
      type: "text",
      label: "Mailbox",
      help: "Name of the folder, with the server's separator between levels.",
      required: false,
      secret: false,
      maxLength: 512,
      default: "INBOX",
    },
    markSeen: {
      type: "boolean",
      label: "Mark as read",
      help: "Turn on to mark emails as read once they are stored. Otherwise the mailbox is opened read-only.",
      required: false,
      secret: false,
      default: false,
    },
    everySeconds: {
      type: "integer",
      label: "Interval in seconds",
      help: "The server announces new emails with IDLE. Posthorn also checks at this interval, for servers that lack IDLE or lose announcements.",
      required: false,
      secret: false,
      minimum: 30,
      maximum: 3600,
      default: 300,
    },
    start: START_FIELD,
    ...MAIL_FIELDS,
    ...TLS_FIELDS,
  },
  events: [
    { type: "{eventType}", description: "An email in the mailbox that was not there when the source was created." },
  ],
  repeats: "dropped",
  setup: [
    "Turn IMAP on for the account. Providers with two-step verification need an app password.",
    "Enter the server, the user name, the password and the mailbox here. `state` says whether the source is connected.",
  ],
  packages: ["imapflow@2"],
  ports: [143, 993],
  check: (config) => {
    if ((config.password === null) === (config.accessToken === null)) {
      return { field: "password", problem: "Enter either a password or an access token." };
    }
    return clientCertificateProblem(config);
  },
  target: (config) => mailboxUrl(config),
});

interface Mailbox {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly mailbox: string;
}

/** The mailbox as URL (RFC 5092), without a secret. */
function mailboxUrl({ host, port, username, mailbox }: Mailbox): string {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `imap://${encodeURIComponent(username)}@${name}:${port}/${encodeURIComponent(mailbox)}`;
}

/** ID of a mail: UIDs are unique within a mailbox and its UIDVALIDITY only. */
export function mailId(mailbox: Mailbox, uidValidity: string, uid: number): string {
  const hash = createHash("sha256").update(mailboxUrl(mailbox)).digest("base64url").slice(0, 16);
  return `imap/${hash}/${uidValidity}/${uid}`;
}
