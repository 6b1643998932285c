/** Fields of kinds whose events are emails. */
import type { Fields } from "../kind.ts";
import { eventTypeField } from "./request-fields.ts";

export const MAIL_FIELDS = {
  format: {
    type: "choice",
    label: "Format",
    help: "`json`: the email with its texts, addresses, headers and attachments as JSON. `raw`: the email byte for byte, as `message/rfc822`.",
    required: false,
    secret: false,
    choices: ["json", "raw"],
    default: "json",
  },
  attachmentKib: {
    type: "integer",
    label: "Attachments in KiB",
    help: "Contents of attachments are part of the JSON, as base64, up to this size together. Others are listed with name, type, size and SHA-256.",
    required: false,
    secret: false,
    minimum: 0,
    maximum: 8192,
    default: 1024,
  },
  maxKib: {
    type: "integer",
    label: "Largest email in KiB",
    help: "Larger emails are not read. `POSTHORN_MAX_INBOUND_BYTES` limits it for all sources.",
    required: false,
    secret: false,
    minimum: 16,
    maximum: 25_600,
    default: 10_240,
  },
  eventType: eventTypeField("mail.received"),
} as const satisfies Fields;
