/** Port for sending emails to Posthorn's own users, through the operator's mail server. */

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
 * `reason`: a sentence for an administrator, without any content of the email. `concerns`: whether the mail server refused only this email, for
 * example its address, or would refuse any other one, too.
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
