/** Kysely types of the tables of relay endpoints. Their rows are short-lived: a listener that reconnects has a new session. */

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
}

/** A frame for a node: a request for one of its listeners, or the response to a request that it sent. */
export interface RelayFrameTable {
  id: number;
  node_id: number;
  body_sealed: Uint8Array;
  created_at: number;
}
