/** Sends links to users by email, if the operator has set up a mail server. */
import { PosthornError } from "../../lib/errors.ts";
import type { Services } from "../context.ts";
import type { Mail, MailResult } from "./mailer.ts";
import { countAttempt } from "../session/limits.ts";

/** Whether a link was sent. `null`: the server sends no email, and the caller passes the link on. */
export type Delivered = MailResult | null;

const TOO_MANY = "This organisation has sent too many emails today. Pass the link on yourself.";

/**
 * Sends an email on behalf of an organisation. Each may send a limited number per day, because the people of one could otherwise use the
 * server's good name for unwanted email.
 */
export async function sendForOrganisation(services: Services, orgId: number, mail: Mail): Promise<Delivered> {
  const { mailer } = services;
  if (mailer === null) return null;
  try {
    await countAttempt(services, [{ kind: "mail", name: String(orgId) }]);
  } catch (error) {
    if (!(error instanceof PosthornError)) throw error;
    return { sent: false, reason: TOO_MANY, concerns: "server" };
  }
  return await mailer.send(mail);
}
