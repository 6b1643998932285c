import type { WebhookRequest } from "../request.ts";
import type { Verified } from "../result.ts";

/**
 * Payload type of each event type, such as `{ "invoice.paid": InvoicePaid }`: the type of the whole payload as it was
 * sent, including its envelope. Interfaces and type aliases both work.
 */
export type EventMap = object;

/** A verified event, as the handler receives it. */
export interface ReceivedEvent<Type extends string = string, Payload = unknown> {
  /** Event type; `""` when the request has none. */
  readonly type: Type;
  /** The parsed payload, validated when a schema was given for its type. */
  readonly payload: Payload;
  /** The sender's delivery ID, the same on every retry; `undefined` when it has none. */
  readonly id: string | undefined;
  /** Time of the event according to the sender; `undefined` when it gives none. */
  readonly occurredAt: Date | undefined;
  /** The scheme that was verified and the secret that matched. */
  readonly verified: Verified;
  /** The request as it arrived, with the exact body. */
  readonly request: WebhookRequest;
}

/** Union of the events of a map: `switch (event.type)` narrows `event.payload`. */
export type EventOf<Events extends EventMap> = {
  [Type in keyof Events & string]: ReceivedEvent<Type, Events[Type]>;
}[keyof Events & string];
