/**
 * What nodes tell each other about rows that were committed: hints, each of which only says where to look.
 *
 * Between nodes a signal is a line of text, `kind argument argument …`, so that a function or trigger in SQL can send one as well:
 * `pg_notify('posthorn', 'due 12 13')`. The line `by <node>` names the sender, who has heard it already.
 */

export type Signal =
  /** Settings of an application, or of one of its endpoints, changed. */
  | { readonly kind: "application"; readonly key: number }
  /** Settings, secrets or URL of a source changed. */
  | { readonly kind: "source"; readonly key: number }
  /** A key or token was revoked. */
  | { readonly kind: "tokens" }
  /** Deliveries were stored whose lane is elsewhere. `from`: none of them is due before, Unix milliseconds; `null`: who knows. */
  | { readonly kind: "due"; readonly endpointIds: readonly number[]; readonly from: number | null }
  /** Deliveries were made due, or what held them changed. */
  | { readonly kind: "wake"; readonly endpointId: number }
  /** As `wake`, and the endpoint is reported to work again. */
  | { readonly kind: "try"; readonly endpointId: number }
  /** The endpoint was enabled again: its earlier failures no longer count. */
  | { readonly kind: "healthy"; readonly endpointId: number }
  /** Deliveries are no longer due. */
  | { readonly kind: "revoke"; readonly deliveries: readonly DeliveryKey[] }
  /** A task has something to do. */
  | { readonly kind: "task"; readonly key: number; readonly task: string }
  /** Something waits for operational webhooks. */
  | { readonly kind: "operational" }
  /** A live stream is open: announce what is stored, for a while. */
  | { readonly kind: "watch" }
  /** Messages and attempts that were stored, by key. `missed`: and more. */
  | {
      readonly kind: "stored";
      readonly messages: readonly number[];
      readonly attempts: readonly number[];
      readonly missed: boolean;
    }
  /** A transaction of the product has published: there is something to take up from this key of the outbox on. */
  | { readonly kind: "outbox"; readonly from: number }
  /** Asks for the state of an endpoint. The node with its lane responds with the same request and a report as JSON. */
  | { readonly kind: "ask"; readonly question: string; readonly endpointId: number }
  /** Asks which of these endpoints fail. Each node responds for the lanes it has, in parts. */
  | { readonly kind: "troubled"; readonly question: string; readonly endpointIds: readonly number[] }
  | { readonly kind: "answer"; readonly question: string; readonly text: string }
  /** A node came or went, or gave up shards. */
  | { readonly kind: "nodes" };

export interface DeliveryKey {
  readonly messageId: number;
  readonly endpointId: number;
}

/** Who sent it: this node, or another one. */
export type SignalOrigin = "here" | "elsewhere";

export type SignalListener = (signals: readonly Signal[], origin: SignalOrigin) => void;
