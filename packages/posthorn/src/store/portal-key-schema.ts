export interface PortalKeyTable {
  id: number;
  org_id: number;
  app_id: number;
  name: string;
  hash: Uint8Array;
  /** The last characters of the token, by which its owner recognises the key. */
  token_end: string;
  capabilities_json: string;
  /** Session of the portal token that created it: it ends with the tokens of this session. */
  session_id: string | null;
  created_at: number;
  /** `null`: it does not expire. */
  expires_at: number | null;
}
