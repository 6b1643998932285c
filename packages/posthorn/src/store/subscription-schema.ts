/** Kysely types of the tables of subscriptions that receivers manage themselves. */
import type { Generated } from "kysely";

/** A topic of the WebSub hub: events of an application. */
export interface WebSubTopicTable {
  id: number;
  public_id: string;
  app_id: number;
  /** The URL of the topic contains this token. Anyone with it may read the topic and subscribe. */
  token_hash: Uint8Array;
  token_sealed: Uint8Array;
  description: string;
  event_types_json: string | null;
  channels_json: string | null;
  disabled: number;
  /** Shortest, longest and default lease, in seconds. */
  lease_min: number;
  lease_max: number;
  lease_default: number;
  max_subscriptions: number;
  created_at: number;
  updated_at: number;
}

export interface SubscriptionTable {
  id: number;
  public_id: string;
  app_id: number;
  protocol: "websub" | "rest-hook" | "mcp";
  /** `null`: it is not at the WebSub hub. */
  topic_id: number | null;
  endpoint_id: number;
  /**
   * Hash of the URL that receives the events. A topic has one subscription for each. For MCP clients, the hash of everything that identifies
   * the subscription; an application has one subscription for each.
   */
  target_hash: Uint8Array;
  /** `null`: it does not expire. */
  lease_seconds: number | null;
  lease_until: number | null;
  created_at: number;
  updated_at: number;
  /** Who subscribed, such as `key:key_…`. Absent and `null`: not an MCP client. */
  principal: Generated<string | null>;
  /** Hash of the customer's token, with which it can be revoked; `null`: the principal has none. */
  token_hash: Generated<Uint8Array | null>;
  /** Hash of principal and URL, for which the receiver confirmed that it wants the events. */
  verified_hash: Generated<Uint8Array | null>;
}

/**
 * A request to the hub whose intent is not verified yet or failed its verification, or a notice to a subscriber that is not sent yet. The time
 * of the request is in its key.
 */
export interface WebSubRequestTable {
  id: number;
  app_id: number;
  topic_id: number;
  target_hash: Uint8Array;
  /** Hash of the content of the request; empty for a notice. A callback has one pending request for each. */
  intent_hash: Generated<string>;
  /** Host of the callback, for a limit on requests that are open at one host. */
  host: string;
  mode: "subscribe" | "unsubscribe" | "denied";
  /** `failed`: the callback did not confirm it. The row only remains for users to see. */
  state: Generated<"pending" | "failed">;
  /** Callback, topic URL, lease, secret. */
  detail_sealed: Uint8Array;
  /** Calls of the callback that failed. */
  tries: number;
  /** Time of the last call; `null`: there was none. */
  tried_at: number | null;
  /** Why the last call did not confirm the request: `VerificationFailure`. */
  failure_json: string | null;
  /** Time of the next call; of a failed request: when its row is deleted. */
  due: number;
}
