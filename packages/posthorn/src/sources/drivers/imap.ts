import type { KindConfig } from "../../fields/field.ts";
import type { ListeningDriver, SourceEvent, SourceHost, Unreadable } from "../driver.ts";
import { type MailConfig, mailEvent } from "../mail-event.ts";
import { connectionDriver } from "./connection.ts";

/** The listener hands over unparsed emails. They are parsed here, where the threads for untrusted documents are available. */
export const IMAP_DRIVER: ListeningDriver = connectionDriver("imap", convert);

function convert(host: SourceHost, { id, body, headers, occurredAt }: SourceEvent): Promise<SourceEvent | Unreadable> {
  const [, mailbox, , uid, , uidValidity] = headers;
  return mailEvent(
    body,
    mailConfigOf(host.config),
    { id, member: "mailbox", facts: { mailbox, uid: Number(uid), uidValidity }, headers, occurredAt },
    (job) => host.parse(job),
  );
}

function mailConfigOf(config: KindConfig): MailConfig {
  return config as unknown as MailConfig;
}
