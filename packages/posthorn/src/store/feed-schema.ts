/** Kysely types of the tables of feeds. */

/** A message that was committed with a key that readers of feeds could have passed. Its place in the order is after `after_key`. */
export interface FeedLateTable {
  app_id: number;
  after_key: number;
  message_id: number;
}

/** A named reader of a feed. */
export interface FeedConsumerTable {
  id: number;
  app_id: number;
  /** 0: the feed of the application. */
  endpoint_id: number;
  name: string;
  /** Position up to which messages were handed out; those in `feed_lease` are not committed. */
  head_key: number;
  head_late: number;
  created_at: number;
  /** Last read or commit. */
  used_at: number;
}

/** Messages that were handed out to a consumer and are not committed: those after `from`, up to and including `to`. */
export interface FeedLeaseTable {
  consumer_id: number;
  from_key: number;
  from_late: number;
  to_key: number;
  to_late: number;
  /** From this time on they are handed out again. */
  until: number;
}

/** A subscription that its receiver completes with the token it was given. */
export interface AutoConfigTable {
  id: number;
  public_id: string;
  app_id: number;
  /** `null` until the receiver has subscribed. */
  endpoint_id: number | null;
  /** Signing secret of the endpoint. */
  secret_sealed: Uint8Array;
  created_at: number;
  updated_at: number;
}

/** A token that reads the feed of one endpoint, or completes and reads one subscription. */
export interface ScopedTokenTable {
  id: number;
  org_id: number;
  app_id: number;
  endpoint_id: number | null;
  auto_config_id: number | null;
  hash: Uint8Array;
  token_sealed: Uint8Array;
  created_at: number;
  /** `null` for the current token; for an earlier one, the end of its grace period. */
  expires_at: number | null;
}
