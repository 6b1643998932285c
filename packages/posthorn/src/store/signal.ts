/**
 * Signals between nodes about committed rows. A signal is a hint: it says which rows to read and does not contain their data.
 *
 * Between nodes, a signal is a line of text, `kind argument argument …`, so that an SQL function or trigger can send one as well:
 * `pg_notify('posthorn', 'due 12 13')`. The line `by <node>` names the sender, which has already handled the signals.
 */

export type Signal =
  /** Settings of an application or of one of its endpoints changed. */
  | { readonly kind: "application"; readonly key: number }
  /** Settings, secrets or URL of a source changed. */
  | { readonly kind: "source"; readonly key: number }
  /** Redaction rules of an organisation changed. */
  | { readonly kind: "redaction" }
  /** A data key was added, or another one seals from now on. */
  | { readonly kind: "keys" }
  /** A key or token was revoked. */
  | { readonly kind: "tokens" }
  /** Deliveries were stored whose lane is on another node. `from`: earliest due time, Unix milliseconds; `null`: not known. */
  | { readonly kind: "due"; readonly endpointIds: readonly number[]; readonly from: number | null }
  /** Deliveries were made due, or the reason to hold them changed. */
  | { readonly kind: "wake"; readonly endpointId: number }
  /** Like `wake`, and someone reported that the endpoint works again. */
  | { readonly kind: "try"; readonly endpointId: number }
  /** The endpoint was enabled again: its earlier failures no longer count. */
  | { readonly kind: "healthy"; readonly endpointId: number }
  /** Deliveries are no longer due. */
  | { readonly kind: "revoke"; readonly deliveries: readonly DeliveryKey[] }
  /** A task has work to do. */
  | { readonly kind: "task"; readonly key: number; readonly task: string }
  /** Events for operational webhooks are pending. */
  | { readonly kind: "operational" }
  /** A request at the WebSub hub is pending, or a subscription may have ended. */
  | { readonly kind: "subscriptions" }
  /** A watch was created, changed or deleted. */
  | { readonly kind: "condition"; readonly key: number }
  /** A live stream is open: nodes send `stored` signals for a while. */
  | { readonly kind: "watch" }
  /** Keys of stored messages and attempts. `missed`: the lists are incomplete. */
  | {
      readonly kind: "stored";
      readonly messages: readonly number[];
      readonly attempts: readonly number[];
      readonly missed: boolean;
    }
  /** A transaction of the product has published: the outbox has rows to relay from this key on. */
  | { readonly kind: "outbox"; readonly from: number }
  /** Requests the state of a lane. Its node sends a `lane_response` with the same `request` and a report as JSON. */
  | { readonly kind: "lane"; readonly request: string; readonly endpointId: number }
  /** Requests the endpoints among these that fail. Each node sends `lane_response` signals for its lanes, in parts. */
  | { readonly kind: "unhealthy"; readonly request: string; readonly endpointIds: readonly number[] }
  | { readonly kind: "lane_response"; readonly request: string; readonly text: string }
  /** Listeners of an endpoint connected, disconnected or were disconnected. */
  | { readonly kind: "listeners"; readonly endpointId: number }
  /** Frames for the listeners of a node, or for its attempts, are stored. */
  | { readonly kind: "frames"; readonly nodeId: number }
  /** Deliveries that a restore had paused were resumed. */
  | { readonly kind: "resumed" }
  /** A node joined, left or released shards. */
  | { readonly kind: "nodes" };

export interface DeliveryKey {
  readonly messageId: number;
  readonly endpointId: number;
}

/** Who sent it: this node, or another one. */
export type SignalOrigin = "here" | "elsewhere";

export type SignalListener = (signals: readonly Signal[], origin: SignalOrigin) => void;
