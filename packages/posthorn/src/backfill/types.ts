/**
 * Interface to the event APIs of providers, the same for every provider. Times are Unix milliseconds.
 *
 * This folder is pure logic without I/O: it builds requests and reads responses. The operations are in `domain/backfill`.
 */

export const BACKFILL_PROVIDERS = ["github", "stripe"] as const;
export type BackfillProviderId = (typeof BACKFILL_PROVIDERS)[number];

/** Request to the API of a provider. */
export interface ApiRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Alternating names and values, including the credential. */
  readonly headers: readonly string[];
}

export interface ApiResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** The request failed without a response. */
export interface ApiFailure {
  readonly status: null;
  readonly message: string;
}

/** Time range of a backfill run. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

/** Event that the provider sent, or tried to send. */
export interface ListedEvent {
  /** ID of the webhook delivery, the same for every redelivery. */
  readonly deliveryId: string;
  readonly eventType: string;
  readonly occurredAt: number;
  /** ID of the event in the API. */
  readonly ref: string;
  /** The event itself, if the list contains it. */
  readonly content: EventContent | null;
}

export interface EventContent {
  /** Alternating names and values, without a signature. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

export interface ListedPage {
  readonly events: readonly ListedEvent[];
  /** Cursor of the next page; `null` after the last page. */
  readonly cursor: string | null;
}

/** API of one provider with one credential. Builds requests and reads responses; sends nothing itself. */
export interface ProviderApi {
  /** How long the provider keeps events. */
  readonly windowMs: number;
  /** Pause between two requests that cause a redelivery. */
  readonly pauseMs: number;
  list(window: Window, cursor: string | null): ApiRequest;
  /** Reads the response to {@link list}. Throws if it does not follow the API's documentation. */
  readPage(response: ApiResponse, window: Window): ListedPage;
  /** Request that makes the provider send the event to the source again. `null` if it cannot; then {@link read} is used. */
  redeliver(ref: string): ApiRequest | null;
  /** Request for the content of one event, for lists without content. */
  read(ref: string): ApiRequest;
  readContent(response: ApiResponse): EventContent;
}

/** Thrown when a response does not follow the API's documentation. */
export class UnexpectedResponse extends Error {
  override readonly name = "UnexpectedResponse";
}

/** Parses a response as JSON. */
export function jsonOf({ body }: ApiResponse): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch (cause) {
    throw new UnexpectedResponse("The provider's API returned a response that is not JSON. Check `apiUrl`.", { cause });
  }
}

/** Value of a property if it has the given type, otherwise `null`. */
export function member<Type extends "string" | "number" | "boolean">(
  value: unknown,
  name: string,
  type: Type,
): (Type extends "string" ? string : Type extends "number" ? number : boolean) | null {
  if (typeof value !== "object" || value === null) return null;
  const found: unknown = (value as Record<string, unknown>)[name];
  // The cast is safe: `typeof` has just been compared.
  return typeof found === type ? (found as never) : null;
}
