import { Type } from "typebox";
import { HELD_REASONS } from "../../domain/delivery/list-of-message.ts";
import { CANCEL_REASONS } from "../../store/schema.ts";
import { DateTime, listOf, nullable } from "./common.ts";

export const Canceled = Type.Object(
  {
    reason: Type.Union(
      CANCEL_REASONS.map((reason) => Type.Literal(reason)),
      {
        description:
          "`requested` by a call; `expired`, the message was too old; `debounced`, a newer message (`by`) took its place; `throttled`, over the limit of the endpoint; `transformation`, the code of the endpoint canceled it; or the endpoint or payload was gone.",
      },
    ),
    at: DateTime,
    by: nullable(Type.String()),
  },
  { description: "Why a delivery was canceled." },
);

export const MessageDeliveryOut = Type.Object(
  {
    endpointId: Type.String(),
    endpointUid: nullable(Type.String()),
    url: Type.String({ description: "Of the endpoint now; each attempt has the one it was sent to." }),
    state: Type.String({
      description:
        "`pending`: not tried yet. `retrying`: failed, and is tried again. `held`: waits without using up attempts. `succeeded`, `failed`, `canceled`: ended.",
    }),
    status: Type.Integer({
      description: "0 success, 1 pending, 2 fail, 3 sending (a retry is scheduled), 4 canceled.",
    }),
    attempts: Type.Integer({ description: "Made so far, by schedule and by hand." }),
    lastAttempt: nullable(
      Type.Object({
        id: Type.String(),
        status: Type.Integer({ description: "0 success, 2 fail." }),
        responseStatusCode: Type.Integer({ description: "0 when there was no answer." }),
        errorCode: nullable(Type.String()),
        timestamp: DateTime,
        changed: Type.Boolean({ description: "A transformation or a format had a hand in what was sent." }),
      }),
    ),
    heldReason: nullable(
      Type.Union(
        HELD_REASONS.map((reason) => Type.Literal(reason)),
        {
          description:
            "The endpoint is off, has not confirmed that it wants deliveries, is paused, is left alone because it failed, or asked for that; `order`: an earlier delivery of the ordering key failed, and goes first.",
        },
      ),
    ),
    heldUntil: nullable(
      Type.String({ format: "date-time", description: "When that ends, or one attempt is made to see." }),
    ),
    heldBy: nullable(Type.String({ description: "With `order`: the message that it waits for." })),
    nextAttempt: nullable(DateTime),
    canceled: nullable(Canceled),
  },
  { $id: "MessageDeliveryOut", description: "What one endpoint is owed of a message, and where that stands." },
);

export const MessageDeliveryList = listOf(MessageDeliveryOut);
