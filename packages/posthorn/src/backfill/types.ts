/** What a provider's own API says of the events it sent: the same few questions for every provider. Times are Unix milliseconds. */

export const RECONCILE_PROVIDERS = ["github", "stripe"] as const;
export type ReconcileProviderId = (typeof RECONCILE_PROVIDERS)[number];

/** One call to the API of a provider. */
export interface ApiRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Names and values in turn; the credential is among them. */
  readonly headers: readonly string[];
}

export interface ApiAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** There was no answer. */
export interface ApiSilence {
  readonly status: null;
  readonly message: string;
}

/** The time of which is asked: from, until. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

/** An event that the provider sent, or tried to. */
export interface ListedEvent {
  /** What its webhook is known by, however often it is sent. */
  readonly deliveryId: string;
  readonly eventType: string;
  readonly occurredAt: number;
  /** What the API knows it by. */
  readonly ref: string;
  /** The event itself, where lists hold it. */
  readonly content: EventContent | null;
}

export interface EventContent {
  /** Names and values in turn, without a signature. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

export interface ListedPage {
  readonly events: readonly ListedEvent[];
  /** Where to go on; `null`: that was all of the window. */
  readonly cursor: string | null;
}

/** The API of one provider, with one credential. Pure: it says what to ask and reads what was answered. */
export interface ProviderApi {
  /** How far back it remembers. */
  readonly windowMs: number;
  /** Time to leave between two requests that make the provider do something. */
  readonly pauseMs: number;
  list(window: Window, cursor: string | null): ApiRequest;
  /** Reads the answer to {@link list}. Throws when it is not what the API documents. */
  readPage(answer: ApiAnswer, window: Window): ListedPage;
  /** Asks the provider to send the event again, to the door; `null`: it cannot, so that it is read instead. */
  redeliver(ref: string): ApiRequest | null;
  /** Asks for the content of one event, where lists do not hold it. */
  read(ref: string): ApiRequest;
  readContent(answer: ApiAnswer): EventContent;
}

/** Thrown when an answer is not what the API documents. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
}

/** Parses an answer as JSON. */
export function jsonOf({ body }: ApiAnswer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch (cause) {
    throw new UnreadableAnswer(
      "The provider's API answered with something that is not JSON: check the URL of the API.",
      { cause },
    );
  }
}

/** The member of an answer, if it has this type. */
export function member<Type extends "string" | "number" | "boolean">(
  value: unknown,
  name: string,
  type: Type,
): (Type extends "string" ? string : Type extends "number" ? number : boolean) | null {
  if (typeof value !== "object" || value === null) return null;
  const found: unknown = (value as Record<string, unknown>)[name];
  // The test above it is what makes the cast true.
  return typeof found === type ? (found as never) : null;
}
