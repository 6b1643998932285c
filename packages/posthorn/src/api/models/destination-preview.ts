import { Type } from "typebox";
import { Name, nullable, Payload } from "./common.ts";

export const DestinationPreviewIn = Type.Object(
  {
    config: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: "object",
        additionalProperties: { type: ["string", "number", "boolean", "null"] },
        description: "Configuration of the kind. Missing required fields are filled with examples.",
      }),
    ),
    eventType: Type.Optional(Name),
    payload: Payload,
  },
  { $id: "DestinationPreviewIn" },
);

export const DestinationPreviewOut = Type.Object(
  {
    card: nullable(
      Type.Object({
        title: Type.String(),
        text: Type.String({ description: "Plain text, which may have several lines; empty if there is none." }),
        fields: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
        fieldsLeftOut: Type.Integer({ description: "Fields of the event that the card does not show." }),
        link: nullable(Type.String()),
        severity: Type.String({ description: "`info`, `success`, `warning`, `error` or `critical`." }),
        colour: Type.String({ description: "Colour of the severity, such as `#ef4444`." }),
        footer: Type.String(),
      }),
    ),
    body: nullable(
      Type.String({ description: "Body of the request, up to 64 KiB. Null for kinds that send no HTTP requests." }),
    ),
    refusal: nullable(
      Type.String({ description: "Why the destination would refuse the event; null if it would not." }),
    ),
  },
  { $id: "DestinationPreviewOut", description: "What a destination would receive for an event." },
);
