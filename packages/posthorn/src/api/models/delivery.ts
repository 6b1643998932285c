import { Type } from "typebox";
import { DateTime, listOf, nullable } from "./common.ts";

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
      }),
    ),
    heldReason: nullable(Type.String({ description: "`endpoint_disabled`." })),
    nextAttempt: nullable(DateTime),
  },
  { $id: "MessageDeliveryOut", description: "What one endpoint is owed of a message, and where that stands." },
);

export const MessageDeliveryList = listOf(MessageDeliveryOut);
