/**
 * Interface between delivery and destinations. Each kind of destination implements it once; `delivery/` is independent
 * of protocols, addresses and signatures.
 */
import type { AttemptExtra, SentFacts } from "../domain/attempt/detail.ts";
import type { PayloadPlace } from "../domain/attempt/sent-body.ts";
import type { OutgoingRequest } from "../domain/delivery/outgoing-request.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";

/** A message that is ready to be sent, apart from what its destination adds: address, headers, signature. */
export interface OutgoingMessage {
  /** Public ID. All attempts of a delivery carry the same one. */
  readonly messageId: string;
  readonly endpoint: DirectoryEndpoint;
  /** The inbound request that the message came with, without its body; `null` for a published message. */
  readonly requestJson: string | null;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** The request as transformation and format changed it; `null`: the message is sent as published or received. */
  readonly changed: OutgoingRequest | null;
  /** `null` for webhooks, which do not need it. */
  readonly facts: MessageFacts | null;
  /**
   * Parts of the message are stored redacted. If a response repeats them, no other message may record that response. Absent: the message is
   * stored as it is.
   */
  readonly isRedacted?: true;
  /** Trace context that is sent with it: see `lib/trace-context.ts`; absent: none. */
  readonly trace?: string;
}

/** What destinations other than webhooks need to know about a message. */
export interface MessageFacts {
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channels: readonly string[];
  readonly isTest: boolean;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Key that the publisher gave the message, or the endpoint's ID if it delivers all messages in order; `null`: neither. */
  readonly orderingKey: string | null;
}

/** Limits that end an attempt early. */
export interface SendLimits {
  readonly signal: AbortSignal;
  /** Called right before anything is written to the receiver. `false`: nothing may be sent. */
  readonly maySend: () => boolean;
}

/** Response of the receiver, for senders that wait for it. */
export interface DestinationReply {
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** The body is longer than what was read, or its transfer was cut off. */
  readonly incomplete: boolean;
}

/** Why nothing was sent, for operators only: the rule, the resolved address, the setting. */
export interface SendProblem {
  readonly code: string;
  readonly detail: string;
  /** Where the message was to be sent, without anything that may be secret. */
  readonly origin: string;
}

/** What is recorded about an attempt that was made. */
interface SentAttempt {
  /** Where it was sent, in a form that may be shown: without credentials. */
  readonly target: string;
  readonly durationMs: number;
  /** Status code of the HTTP response; 0: there was none. */
  readonly responseCode: number;
  /** The response, or a sentence that explains why there is none. */
  readonly response: string;
  readonly facts: SentFacts;
  /** The receiver's ID of the message, and other details that only some kinds have. */
  readonly extra?: AttemptExtra;
  /** The body that was sent, with secrets hidden; absent: that of the message as it was passed. */
  readonly sentBody?: Uint8Array;
  /** Text of `sentBody`, and where the payload is in it; absent: not known. */
  readonly written?: { readonly text: string; readonly payload: PayloadPlace };
  readonly reply: DestinationReply | null;
}

interface FailedSend extends SentAttempt {
  readonly errorCode: string;
  readonly problem: SendProblem | null;
}

/** Outcome of sending a message. `delivery/` decides how to proceed. */
export type SendResult =
  /** The receiver has accepted the message. `afterMs`: it asked to wait before the next one, because its rate limit is used up. */
  | (SentAttempt & { readonly kind: "ok"; readonly afterMs?: number })
  /** The attempt failed and may succeed later. */
  | (FailedSend & { readonly kind: "retry" })
  /** The receiver asked to wait. Applies to the endpoint and not only to this message. */
  | (FailedSend & { readonly kind: "later"; readonly afterMs: number })
  /** The destination will never accept this message: it is not retried. */
  | (FailedSend & { readonly kind: "refused" })
  /** The destination accepts no messages until it is changed. */
  | (FailedSend & { readonly kind: "closed" })
  /** A fault on Posthorn's side. Nothing was sent, and no attempt is used up. `problem`: `null` when the attempt was canceled. */
  | { readonly kind: "own_fault"; readonly problem: SendProblem | null };

export interface Destination {
  /** Whether messages can be sent to the endpoint now; if not, its deliveries are on hold. Absent: always. */
  isReady?(endpointKey: number): boolean;
  /** Sends a message once. Never rejects. Ends by the timeout of the endpoint, or soon after `signal` aborts. */
  send(message: OutgoingMessage, limits: SendLimits): Promise<SendResult>;
  /**
   * As `send`, for several messages of one endpoint in one request. Returns a result per message. `split`: the request was refused as a whole,
   * so none of the messages was accepted, and one of them may be the reason. Absent: messages are sent one by one.
   */
  sendBatch?(messages: readonly OutgoingMessage[], limits: SendLimits): Promise<readonly SendResult[] | "split">;
}

/** The destinations of a node by kind of endpoint. Endpoints of a kind that is missing cannot be sent to. */
export type Destinations = ReadonlyMap<string, Destination>;
