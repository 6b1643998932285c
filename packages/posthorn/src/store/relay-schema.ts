/** Kysely types of the tables of relay endpoints. Sessions are short-lived: a listener that reconnects has a new one. */

/** A listener of a relay endpoint: invited with a ticket, then connected. */
export interface RelaySessionTable {
  id: number;
  public_id: string;
  org_id: number;
  app_id: number;
  endpoint_id: number;
  /** Chosen by the listener, and the same when it reconnects. */
  client_id: string;
  /** Who listens, for people: such as `anna@laptop`. */
  client_name: string;
  /** 1: it replaces another listener where only one is allowed. */
  takes_over: number;
  /** 1: it gets renewed signatures of providers. */
  resigns: number;
  /** `null`: it was used. */
  ticket_hash: Uint8Array | null;
  ticket_until: number;
  /** The node that has the connection; `null`: not connected yet. */
  node_id: number | null;
  transport: string | null;
  connected_at: number | null;
  /** Until then the listener counts as connected. Its node renews the lease. */
  lease_until: number;
  created_at: number;
  /** The token that it connected with; `null`: it was invited over the API. */
  listen_token_id: number | null;
}

/** A token with which listeners connect to one endpoint, without another credential. */
export interface ListenTokenTable {
  id: number;
  org_id: number;
  app_id: number;
  endpoint_id: number;
  name: string;
  hash: Uint8Array;
  /** Its last characters, by which its owner recognises it. */
  token_end: string;
  /** Its creator: see `Principal`. It ends with the access of its creator. */
  principal: string;
  principal_token_hash: Uint8Array | null;
  created_at: number;
  expires_at: number;
}

/** A frame for a node: a request for one of its listeners, or the response to a request that it sent. */
export interface RelayFrameTable {
  id: number;
  node_id: number;
  body_sealed: Uint8Array;
  created_at: number;
}
