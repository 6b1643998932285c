/**
 * What each kind of destination declares. The API model, validation, sealing, masking, the forms and the documentation follow from it. Pure:
 * a declaration connects to nothing.
 */
import type { PayloadPlace } from "../domain/attempt/sent-body.ts";
import type { ConfigOf, Fields } from "../fields/field.ts";

export type { ChoiceField, ConfigOf, Field, Fields, KindConfig, TextField } from "../fields/field.ts";

/** A message in the form that kinds other than HTTP send. */
export interface KindMessage {
  /** Public ID, the same in every attempt. */
  readonly id: string;
  readonly eventType: string;
  /** ID that the publisher gave the event; `null`: none. */
  readonly eventId: string | null;
  /** Key that the publisher gave the message, or the endpoint's ID if it delivers all messages in order; `null`: neither. */
  readonly orderingKey: string | null;
  /** Channels that the message was published to. */
  readonly channels: readonly string[];
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly contentType: string;
  /** As published or received, or as transformation and format changed it. */
  readonly body: Uint8Array;
  /** `webhook-id`, `webhook-timestamp`, `webhook-signature`, and the endpoint's own headers, for protocols that have headers or attributes. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** Whether a user sent it to test the endpoint. */
  readonly isTest: boolean;
  /** Position in the feed up to which the endpoint has received the events of its application; absent if the kind does not need it. */
  readonly cursor?: string;
}

/** Stable codes of attempts that failed at destinations other than HTTP. `status` and the codes of the HTTP client apply to them as well. */
export const DESTINATION_ERROR_CODES = [
  /** Credentials are wrong, expired, or lack a permission. */
  "credentials_refused",
  /** Queue, topic, channel, bucket or table does not exist or no longer accepts messages. */
  "target_not_found",
  "message_too_large",
  /** The target will not accept this content. */
  "message_invalid",
  "rate_limited",
  /** The target or its service is overloaded or down. */
  "target_unavailable",
  "timeout",
  "connection_failed",
  /** The response does not follow the target's protocol. */
  "protocol_error",
] as const;
export type DestinationErrorCode = (typeof DESTINATION_ERROR_CODES)[number];

interface FailedItem {
  readonly code: DestinationErrorCode;
  /** The target's own message and code, and what to do. Without secrets. */
  readonly sentence: string;
}

/** Outcome for one message. `destinations/destination.ts` explains the kinds. */
export type ItemResult =
  | {
      readonly kind: "ok";
      /** The target's ID of the message, such as an SQS message ID or `topic/partition/offset`; `null`: none. */
      readonly reference: string | null;
      /** The target already had the message, from an earlier attempt. */
      readonly isDuplicate?: boolean;
      /** The target accepts no further message for this long, because its rate limit is used up: the endpoint waits. */
      readonly afterMs?: number;
    }
  | (FailedItem & { readonly kind: "retry" | "refused" | "closed" })
  | (FailedItem & { readonly kind: "later"; readonly afterMs: number });

export type DestinationGroup =
  | "http"
  | "chat"
  | "paging"
  | "automation"
  | "queue"
  | "stream"
  | "storage"
  | "database"
  | "mail"
  | "pull";

/** What the target accepts in one request. */
export interface BatchLimits {
  readonly items: number;
  /** Bytes of the bodies. */
  readonly bytes: number;
  /** Whether the target accepts all messages of a request or none of them. If not, each message has its own outcome. */
  readonly isAtomic: boolean;
  /** Whether the target recognises a repeated request by all of its messages, and not each message by its ID. */
  readonly isIdentity?: boolean;
}

/** How a target handles duplicates and order. */
export interface Guarantees {
  /** Whether it recognises the ID of a message that is sent again (`key`), refuses to create the same object twice, or stores it twice. */
  readonly idempotency: "key" | "create-only" | "none";
  /** Whether it keeps the order of all messages, of those with one key, or of none. */
  readonly ordering: "all" | "key" | "none";
}

/** Guarantees of some configurations of a kind. */
export interface ConditionalGuarantees<F extends Fields> extends Guarantees {
  /** The configurations, as words that follow "for": "FIFO queues". */
  readonly appliesTo: string;
  applies(config: ConfigOf<F>): boolean;
}

interface Declaration<F extends Fields> {
  /** Product name, as its vendor writes it. */
  readonly title: string;
  /** One sentence: what arrives where. */
  readonly summary: string;
  readonly group: DestinationGroup;
  /** Set if only subscribers create and change endpoints of the kind: says in whole sentences how they subscribe. */
  readonly subscribing?: string;
  /** Whether requests carry the position up to which the endpoint has received all events. */
  readonly needsCursor?: true;
  readonly fields: F;
  readonly limits: {
    /** Largest body that the target accepts, in bytes. */
    readonly bodyBytes: number;
    /** `null`: one message at a time. */
    readonly batch: BatchLimits | null;
  };
  /**
   * How the target handles a message that is sent again: recognises its ID (`key`), refuses to create the same object twice (`create-only`), or
   * stores it twice (`none`).
   */
  readonly idempotency: "key" | "create-only" | "none";
  /** Whether the target keeps the order of what it receives: of all messages, of those with one key, or of none. */
  readonly ordering: "all" | "key" | "none";
  /** Configurations whose target guarantees more. Absent: the guarantees are the same for every configuration. */
  readonly conditional?: ConditionalGuarantees<F>;
  /**
   * How long, and under which condition, the target recognises a message that is sent again. Absent if it does not, or if there is no limit.
   */
  readonly deduplication?: string;
  /** Whether messages may share a request with this configuration. Absent: they may if `limits.batch` is set. */
  sharesRequests?(config: ConfigOf<F>): boolean;
  /** Steps in the other product, in order: complete sentences. */
  readonly setup: readonly string[];
  /** Further checks of a configuration; `null`: none failed. */
  check?(config: ConfigOf<F>): { readonly field: keyof F & string; readonly problem: string } | null;
  /** Where messages go, as a URL without secrets. Shown in lists and attempts; its host shares a concurrency limit. */
  target(config: ConfigOf<F>): string;
}

/** How a request is authenticated, beyond what is in its URL and headers. */
export type KindAuth =
  | AwsAuth
  | { readonly type: "google"; readonly credentialsJson: string; readonly scope: string }
  | {
      readonly type: "azure-sas";
      /** Resource that the token is for. */
      readonly resource: string;
      readonly keyName: string;
      readonly key: string;
    }
  | { readonly type: "azure-shared-key"; readonly account: string; readonly key: string };

export interface AwsAuth {
  readonly type: "aws";
  readonly service: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  /** Role to assume with these keys; `null`: none. */
  readonly role: AwsRole | null;
}

export interface AwsRole {
  readonly arn: string;
  readonly externalId: string | null;
  /** URL of the Security Token Service that issues credentials for the role. */
  readonly stsUrl: string;
}

export interface KindRequest {
  /** Sources read with GET. */
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  /** Flat list of names and values. */
  readonly headers: readonly string[];
  /** Lower-case names of headers whose values are hidden in attempts. */
  readonly secretHeaders: readonly string[];
  readonly body: Uint8Array;
  /** Absent: attempts look for the payload in the body. */
  readonly written?: WrittenBody;
  readonly auth: KindAuth | null;
}

/** The text of a body with the payload of its only message. Attempts store it without the payload. */
export interface WrittenBody {
  readonly text: string;
  readonly payload: PayloadPlace;
}

export interface KindResponse {
  readonly status: number;
  /** Lower-case name → value. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 64 KiB. */
  readonly body: Uint8Array;
}

/** Errors with the same outcome in the table of a kind. */
export interface DocumentedError {
  /** What the responses contain, as the service writes it: codes, or sentences. */
  readonly said: readonly string[];
  /** Responses that the row applies to; absent: those that contain exactly one of `said`. */
  readonly pattern?: RegExp;
  readonly kind: "retry" | "refused" | "closed";
  readonly code: DestinationErrorCode;
  /** What it means and what to do, in sentences. */
  readonly fix: string;
}

/** Errors that a service documents. The table decides what a response means, and the page of the kind in the documentation lists it. */
export interface DocumentedErrors {
  /** Where they are documented, and when that was read. */
  readonly source: string;
  readonly rows: readonly DocumentedError[];
}

/** A kind that sends one HTTP request for one or more messages. */
export interface HttpKind<F extends Fields> extends Declaration<F> {
  readonly family: "http";
  /** Absent: the status of the response, or codes that several kinds share, decide. */
  readonly errors?: DocumentedErrors;
  /**
   * @param messages At least one; more only if `limits.batch` is set.
   * @param now Unix milliseconds.
   * @returns The request, or why the message can never be sent.
   */
  request(
    config: ConfigOf<F>,
    messages: readonly KindMessage[],
    now: number,
  ): KindRequest | (FailedItem & { readonly kind: "refused" });
  /** One result per message, in the order of `messages`. */
  classify(response: KindResponse, messages: readonly KindMessage[], now: number): readonly ItemResult[];
}

/** A kind that does not use HTTP: a driver in the connector thread sends its messages. */
export interface ConnectionKind<F extends Fields> extends Declaration<F> {
  readonly family: "connection";
  /** npm packages that the driver needs, with the major version: `@platformatic/kafka@2`. */
  readonly packages: readonly string[];
  /** Ports that it may dial, in addition to those that the operator allows; `null`: the port of the configuration. */
  readonly ports: readonly number[] | null;
}

/** A kind with its own implementation, such as webhooks, or endpoints that are read instead of sent to. */
export interface OwnKind<F extends Fields> extends Declaration<F> {
  readonly family: "own";
}

export type AnyKind = HttpKind<Fields> | ConnectionKind<Fields> | OwnKind<Fields>;

/** Checks a declaration and keeps its exact type. */
export const httpKind = <const F extends Fields>(kind: HttpKind<F>): HttpKind<F> => kind;
export const ownKind = <const F extends Fields>(kind: OwnKind<F>): OwnKind<F> => kind;
export const connectionKind = <const F extends Fields>(kind: ConnectionKind<F>): ConnectionKind<F> => kind;
