import type { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import type { Verified } from "../result.ts";
import type { WebhookReply } from "./reply.ts";

/** The event in a verified request. */
export interface SourceEvent {
  /** Event type; `""` when the request has none. */
  readonly type: string;
  /** Delivery ID, the same on every retry. */
  readonly id: string | undefined;
  /** Time of the event according to the sender. */
  readonly occurredAt: Date | undefined;
  /** The parsed payload. */
  readonly payload: unknown;
}

/** Action of the receiver's owner that a handshake requires. */
export type SourceAction =
  /** Send a GET to this URL, which the source has checked to be the sender's, to confirm the subscription. */
  | { readonly kind: "fetch"; readonly url: string }
  /** Store this secret before the response is sent: the sender signs with it from now on. */
  | { readonly kind: "store-secret"; readonly secret: string };

/** Outcome of a request: a verified event, an answered handshake, or a rejection. */
export type SourceResult =
  | {
      readonly kind: "event";
      readonly verified: Verified;
      readonly event: SourceEvent;
      /** The same for every retry of a delivery, and different for every other delivery. */
      readonly deduplicationKey: string;
      /** Whether the ID is in an unsigned header, so that a captured request could be replayed under another ID. */
      readonly idUnsigned: boolean;
      /** Response that the sender expects for an accepted delivery. */
      readonly reply: WebhookReply;
    }
  | { readonly kind: "handshake"; readonly reply: WebhookReply; readonly action?: SourceAction | undefined }
  | { readonly kind: "rejected"; readonly error: WebhookError; readonly reply: WebhookReply };

/**
 * One kind of sender: verifies its requests, answers its handshakes and names its events. Implement it to receive
 * from a sender that neither {@link standardWebhooks} nor {@link providerWebhooks} covers.
 */
export interface WebhookSource {
  /** Separates the deliveries of several sources in one store. */
  readonly name: string;
  /** Verifies and reads one request. May throw a {@link WebhookError} instead of returning a rejection. */
  receive(request: WebhookRequest): Promise<SourceResult>;
}
