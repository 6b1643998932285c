import { requestKind } from "../kind.ts";
import { MAIL_FIELDS } from "./mail-fields.ts";

export const EMAIL = requestKind({
  family: "request",
  title: "Email address",
  summary: "Receives emails at its own address, and emits an event for each.",
  group: "mail",
  fields: MAIL_FIELDS,
  events: [
    {
      type: "{eventType}",
      description:
        "An email, with the envelope of the SMTP transaction. Nothing in it is proven: Posthorn evaluates neither SPF nor DKIM, and senders can be forged.",
    },
  ],
  repeats: "dropped",
  setup: [
    "The operator sets `POSTHORN_SMTP_LISTEN` and `POSTHORN_SMTP_DOMAIN`, and points the MX record of the domain to this server.",
    "Create the source. Its `ingestUrl` is the address, as `mailto:` URL. Keep it secret: anyone who knows it can send events.",
    "Send emails to it, or forward them there. Text between a plus sign and the `@` is ignored, but kept in the envelope.",
  ],
  receives: true,
  target: () => null,
});
