import { Type } from "typebox";
import { ChannelName, Name, nullable, TagName } from "./common.ts";
import { MessageIn } from "./message.ts";

/** Checked by the compiler of filters, which names the clause. */
export const Filter = Type.Object(
  {},
  {
    additionalProperties: true,
    description:
      'What a message must hold, such as `{"body": {"amount": {"$gt": 100}}}`. See docs/features/filters.md for the grammar.',
  },
);

export const EndpointFilterIn = Type.Object({ filter: nullable(Filter) }, { $id: "EndpointFilterIn" });

export const EndpointFilterOut = Type.Object(
  { filter: nullable(Filter) },
  { $id: "EndpointFilterOut", description: "The filter exactly as it was given; null when there is none." },
);

const { payload, data, transformationsParams } = MessageIn.properties;

/** A message to try something on. */
export const sampleFields = {
  message: Type.Optional(
    Type.String({ maxLength: 256, description: "Id or eventId of a published message. In place of the fields below." }),
  ),
  eventType: Type.Optional(Name),
  eventId: Type.Optional(nullable(Type.String({ maxLength: 256 }))),
  channels: Type.Optional(nullable(Type.Array(ChannelName, { minItems: 1, maxItems: 10 }))),
  tags: Type.Optional(nullable(Type.Array(TagName, { maxItems: 5 }))),
  payload,
  data,
  transformationsParams,
};

export const FilterExplainIn = Type.Object(
  { filter: Filter, ...sampleFields },
  { $id: "FilterExplainIn", description: "A filter and a message that is given." },
);

export const EndpointFilterExplainIn = Type.Object(
  { filter: Type.Optional(Filter), ...sampleFields },
  { $id: "EndpointFilterExplainIn", description: "A message, and a filter to try in place of the endpoint's own." },
);

const reason = nullable(
  Type.Union(
    [Type.Literal("event_type"), Type.Literal("channels"), Type.Literal("filter"), Type.Literal("filter_error")],
    { description: "Why it is not wanted. `filter_error`: that cannot be said, see `message`." },
  ),
);
const clause = nullable(Type.String({ description: "The first clause of the filter that does not hold." }));

export const explanationFields = {
  matched: Type.Boolean(),
  reason,
  clause,
  found: nullable(Type.String({ description: "What stood there, as JSON, cut at 200 characters; null: nothing." })),
  message: Type.String({ description: "The same in a sentence." }),
};

export const FilterExplanationOut = Type.Object(explanationFields, {
  $id: "FilterExplanationOut",
  description: "Whether a message is wanted, and by which clause not.",
});

export const MessageMatchingOut = Type.Object(
  {
    matched: Type.Integer({ description: "Endpoints that the message is or was owed to." }),
    unmatched: Type.Integer({ description: "Endpoints that did not want it when it was accepted." }),
    reasons: Type.Array(
      Type.Object({
        endpointId: Type.String(),
        endpointUid: nullable(Type.String()),
        reason,
        clause,
        message: Type.String(),
      }),
      { description: "Of the first 200 that did not." },
    ),
  },
  { $id: "MessageMatchingOut", description: "Who wanted a message when it was accepted, and who did not and why." },
);
