import { Type } from "typebox";
import { nullable } from "./common.ts";
import { messageInFields } from "./message.ts";

const { eventType, eventId, payload, data, channels, tags, transformationsParams } = messageInFields;

export const MessagePrecheckIn = Type.Object(
  { eventType, eventId, payload, data, channels, tags, transformationsParams },
  { $id: "MessagePrecheckIn", description: "As for a publish; only `eventType` is required." },
);

export const MessagePrecheckOut = Type.Object(
  {
    active: Type.Boolean({ description: "Whether at least one endpoint would get the message." }),
    matched: Type.Integer(),
    unmatched: Type.Integer(),
    endpoints: Type.Array(
      Type.Object({
        endpointId: Type.String(),
        matched: Type.Boolean(),
        disabled: Type.Boolean({ description: "Whether the deliveries of the endpoint are on hold." }),
        reason: nullable(
          Type.Union([
            Type.Literal("event_type"),
            Type.Literal("channels"),
            Type.Literal("filter"),
            Type.Literal("filter_error"),
          ]),
        ),
        clause: nullable(Type.String({ description: "The first clause of the filter that did not match." })),
        message: Type.String({ description: "The result as a sentence." }),
      }),
      { description: "The first 200 endpoints, with the matching ones first." },
    ),
  },
  { $id: "MessagePrecheckOut" },
);
