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
          "`requested`: by an API call. `expired`: its time to live was over. `debounced`: a newer message (`by`) replaced it. `throttled`: above the limit of the endpoint. `transformation`: the endpoint's code canceled it. Otherwise the endpoint or the payload was deleted.",
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
    url: Type.String({ description: "Current URL of the endpoint; each attempt has the URL it was sent to." }),
    state: Type.String({
      description:
        "`pending`: not yet attempted. `retrying`: failed and will be retried. `held`: on hold, without using up retries. `succeeded`, `failed` and `canceled` are final.",
    }),
    status: Type.Integer({
      description: "0 success, 1 pending, 2 fail, 3 sending (a retry is scheduled), 4 canceled.",
    }),
    attempts: Type.Integer({ description: "Number of attempts so far, scheduled and manual." }),
    lastAttempt: nullable(
      Type.Object({
        id: Type.String(),
        status: Type.Integer({ description: "0 success, 2 fail." }),
        responseStatusCode: Type.Integer({ description: "0 when there was no response." }),
        errorCode: nullable(Type.String()),
        timestamp: DateTime,
        changed: Type.Boolean({ description: "Whether a transformation or format changed what was sent." }),
      }),
    ),
    heldReason: nullable(
      Type.Union(
        HELD_REASONS.map((reason) => Type.Literal(reason)),
        {
          description:
            "Why deliveries are on hold: the endpoint is disabled, not verified, paused, its circuit is open, or it asked Posthorn to wait. `order`: an earlier delivery with the same ordering key failed and must be delivered first.",
        },
      ),
    ),
    heldUntil: nullable(
      Type.String({ format: "date-time", description: "When the hold ends, or when the next probe is made." }),
    ),
    heldBy: nullable(Type.String({ description: "With `order`: the message that must be delivered first." })),
    nextAttempt: nullable(DateTime),
    canceled: nullable(Canceled),
  },
  { $id: "MessageDeliveryOut", description: "The delivery of a message to one endpoint, and its state." },
);

export const MessageDeliveryList = listOf(MessageDeliveryOut);
