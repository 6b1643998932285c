import type { WebhookRequest } from "../request.ts";
import type { Verified } from "../result.ts";

/**
 * The payload type of each event type, such as `{ "invoice.paid": InvoicePaid }`. It is the type of the whole payload as
 * it was sent, envelope included. Interfaces will do as well as type aliases.
 */
export type EventMap = object;

/** A delivery that was verified, for the handler. */
export interface ReceivedEvent<Type extends string = string, Payload = unknown> {
  /** Event type, `""` when the request names none. */
  readonly type: Type;
  /** The parsed payload; validated when a schema was given for its type. */
  readonly payload: Payload;
  /** The sender's delivery id, the same on every retry; `undefined` when it has none. */
  readonly id: string | undefined;
  /** When it happened, as the sender says. */
  readonly occurredAt: Date | undefined;
  /** What was verified, and with which secret. */
  readonly verified: Verified;
  /** The request as it arrived, with the exact body. */
  readonly request: WebhookRequest;
}

/** The union of events of a map: `switch (event.type)` narrows `event.payload`. */
export type EventOf<Events extends EventMap> = {
  [Type in keyof Events & string]: ReceivedEvent<Type, Events[Type]>;
}[keyof Events & string];
