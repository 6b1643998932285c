/** How Posthorn sends emails to its own users, with the operator's mail server. */

/** A plain-text email to one person. */
export interface Mail {
  readonly to: string;
  /** One line. */
  readonly subject: string;
  readonly text: string;
  /** URL with which mail programs unsubscribe in one click (RFC 8058); absent: the email is not one of a series. */
  readonly unsubscribe?: string;
}

/**
 * `reason`: a sentence for an administrator. It contains nothing of the email. `concerns`: whether the mail server refused this email, such as its
 * address, or would accept no other one either.
 */
export type MailResult =
  | { readonly sent: true }
  | { readonly sent: false; readonly reason: string; readonly concerns: "email" | "server" };

export interface Mailer {
  /** Sends an email once. Never rejects; settles within half a minute. `sent`: the mail server has accepted it. */
  send(mail: Mail): Promise<MailResult>;
  /**
   * Writes and sends an email in the background, and tries again for a minute if the mail server is busy. Failures are logged.
   *
   * @param write `null`: there is nothing to send.
   */
  sendLater(write: () => Promise<Mail | null>): void;
}
