/** Kysely types of the tables of alerts. Times are Unix milliseconds. */

/** A condition about which people are notified. */
export interface AlertRuleTable {
  id: number;
  public_id: string;
  org_id: number;
  name: string;
  kind: string;
  /** Thresholds of the kind, as JSON. */
  params_json: string;
  /** Keys and ids of the operational endpoints that receive its alerts, as JSON. */
  targets_json: string;
  /** Quiet hours, as JSON; `null`: none. */
  quiet_json: string | null;
  /** `off`, `hourly` or `daily`. */
  digest: string;
  enabled: number;
  /** When it sent its last message; `null`: none yet. */
  sent_at: number | null;
  created_at: number;
  updated_at: number;
}

/** An alert of a rule that has not been resolved, or whose recovery message has not been sent. */
export interface AlertTable {
  id: number;
  public_id: string;
  rule_id: number;
  /** What it is about: the id of an endpoint, source or incident, or the organisation. */
  subject: string;
  /** Title, text, severity and path in the dashboard, as JSON. */
  content_json: string;
  /** When its message was sent; `null`: it waits for the end of the quiet hours, or for the next digest. */
  notified_at: number | null;
  /** Since when its condition has no longer been true; `null`: it is true. */
  cleared_at: number | null;
}

/** An email address, or an endpoint of the same application, that receives alerts about the endpoints of a customer. */
export interface AlertRecipientTable {
  id: number;
  public_id: string;
  org_id: number;
  app_id: number;
  /** `null`: the alerts go to an endpoint. */
  email: string | null;
  /** `null`: the alerts go to an email address. */
  endpoint_id: number | null;
  /** `off`, `hourly` or `daily`. */
  digest: string;
  /** Language of its emails. */
  locale: string;
  /** Hash of the token in the confirmation email; `null`: the address is confirmed, or the recipient is an endpoint. */
  confirm_hash: Uint8Array | null;
  /** `null`: it gets nothing yet. */
  confirmed_at: number | null;
  /** When it was last sent an alert; `null`: never. */
  sent_at: number | null;
  created_at: number;
}

/** A failing endpoint that a recipient was alerted about, or will be with the next email. */
export interface AlertRecipientStateTable {
  recipient_id: number;
  /** Id of the endpoint. */
  subject: string;
  since: number;
  /** When the recipient was notified; `null`: not yet. */
  notified_at: number | null;
  /** Since when the endpoint works again; `null`: it does not. */
  cleared_at: number | null;
}

/** A token with which a recipient can unsubscribe. Each email has one of its own. */
export interface AlertRecipientTokenTable {
  hash: Uint8Array;
  recipient_id: number;
  created_at: number;
}
