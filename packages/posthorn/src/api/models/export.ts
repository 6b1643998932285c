/** Models of the export of an application. */
import { Type } from "typebox";
import { DateTime, listOf, nullable, payload, ref } from "./common.ts";
import { Canceled } from "./delivery.ts";
import { MessageAttemptOut } from "./message.ts";

export const ExportedMessageOut = Type.Object(
  {
    id: Type.String(),
    eventId: nullable(Type.String()),
    eventType: payload("name", Type.String()),
    channels: nullable(Type.Array(Type.String())),
    tags: nullable(Type.Array(Type.String())),
    orderingKey: nullable(payload("text", Type.String())),
    contentType: Type.String(),
    timestamp: DateTime,
    deliverAt: nullable(DateTime),
    expiresAt: nullable(DateTime),
    erasedAt: nullable(DateTime),
    body: payload(
      "document",
      nullable(Type.String({ description: "The exact body. `null`: it has expired or was deleted." })),
    ),
    bodyEncoding: Type.Union([Type.Literal("utf-8"), Type.Literal("base64")], {
      description: "`base64` for a body that is not UTF-8 text.",
    }),
    deliveries: Type.Array(
      Type.Object({
        endpointId: Type.String(),
        status: Type.Integer({
          description: "0 success, 1 pending, 2 fail, 3 sending (a retry is scheduled), 4 canceled.",
        }),
        attempts: Type.Integer({ description: "Scheduled attempts so far." }),
        nextAttempt: nullable(DateTime),
        canceled: Type.Optional(Canceled),
      }),
    ),
    attempts: Type.Array(ref(MessageAttemptOut)),
  },
  { $id: "ExportedMessageOut", description: "A message with its body, deliveries and attempts." },
);
export const ExportedMessageList = listOf(ExportedMessageOut);

export const EXPORT_MODELS = [ExportedMessageOut, ExportedMessageList];
