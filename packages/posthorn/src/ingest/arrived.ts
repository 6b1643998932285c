/** Events that have arrived for a source, before they are stored. */
import type { InboundOrigin, InboundRequest } from "../domain/message/request.ts";

/** Event that has arrived for a source. */
export interface Arrived {
  /** The sender's ID of the event, the same for every repetition. `null` if it has none. */
  readonly id: string | null;
  readonly type: string;
  /** When it happened according to the sender, in Unix milliseconds. */
  readonly occurredAt: number | null;
  readonly contentType: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  /** How its authenticity was established. */
  readonly trust: InboundOrigin["trust"];
  readonly origin: ArrivedOrigin;
  /** Context of the span that it arrived in; absent: there is none. */
  readonly trace?: string | undefined;
}

/** How an event arrived. */
export interface ArrivedOrigin {
  readonly kind: OriginKind;
  /** Provider ID. */
  readonly provider: string;
  /** Verification scheme, `provider-api`, or for `read`, the kind of the source. */
  readonly scheme: string;
  /** The HTTP request that carried the event. `null` if there was none. */
  readonly request: RequestLine | null;
}

export type RequestLine = Pick<InboundRequest, "method" | "path" | "query" | "address">;

/**
 * `request`: to the source URL. `release`: from quarantine, by a person. `backfill`: read from the provider's API.
 * `read`: by the runner of a source that is not a webhook, or as an email. `sample`: sent by a person to try routes and
 * watches.
 */
export type OriginKind = "request" | "release" | "backfill" | "read" | "sample";

/** Event of a kind that the daily quota does not apply to. */
export interface ArrivedUnlimited extends Arrived {
  readonly origin: ArrivedOrigin & { readonly kind: "release" | "backfill" | "sample" };
}
