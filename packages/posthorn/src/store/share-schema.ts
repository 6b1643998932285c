/** Table of shared links. */

export interface ShareLinkTable {
  id: number;
  public_id: string;
  org_id: number;
  app_id: number;
  message_id: number;
  /** `null`: the link is to the message. */
  attempt_id: number | null;
  token_hash: Uint8Array;
  redaction_json: string;
  /** Display name of the caller that created it; never a secret. */
  created_by: string;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
  views: number;
  last_viewed_at: number | null;
}
