import type { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import type { Verified } from "../result.ts";
import type { WebhookReply } from "./reply.ts";

/** What a verified request is about. */
export interface SourceEvent {
  readonly type: string;
  readonly id: string | undefined;
  readonly occurredAt: Date | undefined;
  readonly payload: unknown;
}

/** Something the receiver's owner has to do for a handshake to succeed. */
export type SourceAction =
  /** GET this address, which the source has checked to be the sender's: it confirms the subscription. */
  | { readonly kind: "fetch"; readonly url: string }
  /** Keep this secret before the answer goes out: the sender signs with it from now on. */
  | { readonly kind: "store-secret"; readonly secret: string };

/** What a source makes of a request. */
export type SourceResult =
  | {
      readonly kind: "event";
      readonly verified: Verified;
      readonly event: SourceEvent;
      /** The same for every retry of one delivery, different for every other. */
      readonly deduplicationKey: string;
      /** Whether someone who repeats the request could give it another id: the id stands in an unsigned header. */
      readonly idUnsigned: boolean;
      /** What the sender wants to hear when the delivery was taken in. */
      readonly reply: WebhookReply;
    }
  | { readonly kind: "handshake"; readonly reply: WebhookReply; readonly action?: SourceAction | undefined }
  | { readonly kind: "rejected"; readonly error: WebhookError; readonly reply: WebhookReply };

/** One kind of sender: verifies its requests, answers its handshakes, names its events. */
export interface WebhookSource {
  /** Keeps the deliveries of several sources apart in one store. */
  readonly name: string;
  receive(request: WebhookRequest): Promise<SourceResult>;
}
