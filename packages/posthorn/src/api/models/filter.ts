import { Type } from "typebox";
import { ChannelName, DateTime, Name, nullable, payload, TagName } from "./common.ts";
import { MessageIn } from "./message.ts";

/** Not validated here: the filter compiler validates it and names the invalid clause. */
export const Filter = Type.Object(
  {},
  {
    additionalProperties: true,
    description:
      'Conditions on the message, such as `{"body": {"amount": {"$gt": 100}}}`. The grammar is in docs/features/filters.md.',
  },
);

export const EndpointFilterIn = Type.Object({ filter: nullable(Filter) }, { $id: "EndpointFilterIn" });

export const EndpointFilterOut = Type.Object(
  { filter: nullable(Filter) },
  { $id: "EndpointFilterOut", description: "The filter exactly as you set it; null without a filter." },
);

const { payload: content, data, transformationsParams } = MessageIn.properties;

/** A sample message for a test. */
export const sampleFields = {
  message: Type.Optional(
    Type.String({ maxLength: 256, description: "Id or eventId of a published message, instead of the fields below." }),
  ),
  eventType: Type.Optional(Name),
  eventId: Type.Optional(nullable(Type.String({ maxLength: 256 }))),
  channels: Type.Optional(nullable(Type.Array(ChannelName, { minItems: 1, maxItems: 10 }))),
  tags: Type.Optional(nullable(Type.Array(TagName, { maxItems: 5 }))),
  payload: content,
  data,
  transformationsParams,
};

export const FilterExplainIn = Type.Object(
  { filter: Filter, ...sampleFields },
  { $id: "FilterExplainIn", description: "A filter, and the message to test it on." },
);

export const EndpointFilterExplainIn = Type.Object(
  { filter: Type.Optional(Filter), ...sampleFields },
  {
    $id: "EndpointFilterExplainIn",
    description: "The message to test, and a filter to use instead of the endpoint's own.",
  },
);

const reason = nullable(
  Type.Union(
    [Type.Literal("event_type"), Type.Literal("channels"), Type.Literal("filter"), Type.Literal("filter_error")],
    {
      description: "Why the message does not match. `filter_error`: the filter could not be evaluated, see `message`.",
    },
  ),
);
const clause = nullable(Type.String({ description: "The first clause of the filter that did not match." }));

export const explanationFields = {
  matched: Type.Boolean(),
  reason,
  clause,
  found: nullable(
    Type.String({
      description:
        "The value that the clause was compared with, as JSON of up to 200 characters; null when there is none.",
    }),
  ),
  message: Type.String({ description: "The reason as a sentence." }),
};

export const FilterExplanationOut = Type.Object(explanationFields, {
  $id: "FilterExplanationOut",
  description: "Whether the message matches, and which clause did not.",
});

export const EndpointFilterDryRunIn = Type.Object(
  {
    filter: Type.Optional(nullable(Filter)),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: "How many of the newest messages to try; 1,000 if absent.",
      }),
    ),
  },
  { $id: "EndpointFilterDryRunIn", description: "A filter to use instead of the endpoint's own." },
);

const triedMessage = Type.Object({
  messageId: Type.String(),
  eventType: Type.String(),
  timestamp: DateTime,
  ...explanationFields,
});

export const EndpointFilterDryRunOut = Type.Object(
  {
    matched: Type.Integer({ description: "Number of messages that match." }),
    unmatched: Type.Integer({ description: "Number of messages that do not match." }),
    withoutPayload: Type.Integer({
      description: "Number of messages whose payload was deleted or has expired. They are not tried.",
    }),
    from: nullable(Type.String({ format: "date-time", description: "When the oldest of them was published." })),
    to: nullable(Type.String({ format: "date-time", description: "When the newest of them was published." })),
    reasons: Type.Array(Type.Object({ reason, clause, count: Type.Integer() }), {
      description: "Why messages do not match, the most frequent reasons first; at most 20.",
    }),
    matching: Type.Array(triedMessage, { description: "The newest messages that match, at most 10." }),
    notMatching: Type.Array(triedMessage, { description: "The newest messages that do not match, at most 10." }),
    isPartial: Type.Boolean({
      description: "Whether it ended after 2 seconds or 32 MiB, before all of them were tried.",
    }),
  },
  { $id: "EndpointFilterDryRunOut", description: "What a filter decides about recent messages." },
);

export const MessageMatchingOut = Type.Object(
  {
    matched: Type.Integer({ description: "Number of endpoints that matched." }),
    unmatched: Type.Integer({ description: "Number of endpoints that did not match when the message was accepted." }),
    reasons: Type.Array(
      Type.Object({
        endpointId: Type.String(),
        endpointUid: nullable(Type.String()),
        url: Type.String({ description: "Current URL of the endpoint." }),
        eventTypes: nullable(
          Type.Array(Type.String(), { description: "Event types to which it subscribes now; null: all." }),
        ),
        reason,
        clause,
        message: payload("text", Type.String()),
      }),
      { description: "The first 200 endpoints that did not match." },
    ),
  },
  {
    $id: "MessageMatchingOut",
    description: "Which endpoints matched when the message was accepted, and why the others did not.",
  },
);
