import { Type } from "typebox";
import { ChannelName, DateTime, Name, nullable, ref } from "./common.ts";

/** Longest wait for messages, in seconds: shorter than the time after which proxies give up. */
export const MAX_WAIT_SECONDS = 50;

const Offset = Type.Integer({ description: "Pass it to `commit` after the message was processed." });

const MESSAGE = {
  id: Type.String(),
  eventId: nullable(Type.String()),
  eventType: Type.String(),
  channels: nullable(Type.Array(Type.String())),
  tags: nullable(Type.Array(Type.String())),
  contentType: Type.String(),
  timestamp: DateTime,
  deliverAt: nullable(DateTime),
  expiresAt: nullable(DateTime),
  orderingKey: Type.Optional(Type.String()),
  headers: nullable(Type.Record(Type.String(), Type.String())),
  payload: Type.Unknown({
    description:
      'JSON objects, byte for byte as published. `{}` if there is a `rawPayload`; `{"expired": true}` once deleted.',
  }),
  rawPayload: Type.Optional(
    Type.String({ description: "Payloads that are not JSON objects, or all payloads with `raw`." }),
  ),
  rawPayloadEncoding: Type.Optional(
    Type.Union([Type.Literal("utf-8"), Type.Literal("base64")], {
      description: "`base64` for bytes that are not UTF-8, or with `raw`.",
    }),
  ),
};

export const FeedMessageOut = Type.Object({ ...MESSAGE, offset: Offset }, { $id: "FeedMessageOut" });

export const FeedPageOut = Type.Object(
  {
    data: Type.Array(ref(FeedMessageOut)),
    cursor: Type.String({ description: "Pass it as `cursor` to read the messages after it, now or later." }),
    done: Type.Boolean({
      description: "Whether the end was reached. A short or empty page is not necessarily the last one.",
    }),
  },
  { $id: "FeedPageOut" },
);

export const ConsumerPageOut = Type.Object(
  { data: Type.Array(ref(FeedMessageOut)), done: Type.Boolean() },
  { $id: "ConsumerPageOut" },
);

/** The pages of pollers, as the compatible clients know them. */
export const PollingEndpointMessageOut = Type.Object(MESSAGE, { $id: "PollingEndpointMessageOut" });
export const PollingEndpointOut = Type.Object(
  { data: Type.Array(ref(PollingEndpointMessageOut)), iterator: Type.String(), done: Type.Boolean() },
  { $id: "PollingEndpointOut" },
);
export const PollingEndpointConsumerSeekIn = Type.Object(
  { after: DateTime },
  { $id: "PollingEndpointConsumerSeekIn", additionalProperties: true },
);
export const PollingEndpointConsumerSeekOut = Type.Object(
  { iterator: Type.String() },
  { $id: "PollingEndpointConsumerSeekOut" },
);

const StartingPosition = Type.Union([Type.Literal("earliest"), Type.Literal("latest")]);

export const ConsumerPollIn = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 250, default: 50 })),
    leaseSeconds: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 43_200,
        default: 60,
        description: "Messages that are not committed in this time are handed out again.",
      }),
    ),
    waitSeconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: MAX_WAIT_SECONDS,
        default: 0,
        description: "How long to wait for a message if there is none.",
      }),
    ),
    startingPosition: Type.Optional(
      Type.Union([Type.Literal("earliest"), Type.Literal("latest")], {
        default: "earliest",
        description: "Where a new consumer begins.",
      }),
    ),
    raw: Type.Optional(
      Type.Boolean({ default: false, description: "Returns every payload as `rawPayload` in base64." }),
    ),
  },
  { $id: "ConsumerPollIn" },
);

export const ConsumerCommitIn = Type.Object(
  { offset: Type.Integer({ minimum: 0, description: "`offset` of the last message of the page that was processed." }) },
  { $id: "ConsumerCommitIn" },
);
export const PollerV2CommitIn = Type.Object(
  { offset: Type.Integer({ minimum: 0 }) },
  { $id: "PollerV2CommitIn", additionalProperties: true },
);
export const PollerV2PollOut = Type.Object(
  { data: Type.Array(ref(FeedMessageOut)), done: Type.Boolean() },
  { $id: "PollerV2PollOut" },
);

export const ConsumerResetIn = Type.Object(
  {
    startingPosition: Type.Optional(StartingPosition),
    after: Type.Optional(
      Type.String({ format: "date-time", description: "Continue with messages from this time on." }),
    ),
    cursor: Type.Optional(Type.String({ maxLength: 300, description: "Continue at this position." })),
  },
  { $id: "ConsumerResetIn", description: "Exactly one of the fields." },
);

export const FeedConsumerOut = Type.Object(
  {
    id: Type.String({ description: "The name that its polls use." }),
    cursor: Type.String({ description: "Position up to which all messages are committed." }),
    committedUntil: nullable(Type.String({ format: "date-time", description: "Time of this position." })),
    leases: Type.Integer({ description: "Pages that are handed out and not committed." }),
    leaseEndsAt: nullable(
      Type.String({
        format: "date-time",
        description: "When the first of these leases ends and its messages are handed out again. Null: there is none.",
      }),
    ),
    behind: Type.Integer({ description: "Messages after this position, counted up to 1,000." }),
    oldestPending: nullable(Type.String({ format: "date-time", description: "Time of the first of them." })),
    createdAt: DateTime,
    usedAt: Type.String({ format: "date-time", description: "Approximate time of the last use." }),
    expiresAt: Type.String({ format: "date-time", description: "When it is deleted if it is not used." }),
  },
  { $id: "FeedConsumerOut" },
);

export const FeedConsumerList = Type.Object(
  { data: Type.Array(ref(FeedConsumerOut)), iterator: nullable(Type.String()), done: Type.Boolean() },
  { $id: "ListResponse_FeedConsumerOut_" },
);

export const FeedQuery = {
  cursor: Type.Optional(Type.String({ maxLength: 300, description: "`cursor` of an earlier page." })),
  starting_position: Type.Optional(
    Type.Union([Type.Literal("earliest"), Type.Literal("latest")], {
      description:
        "Where to begin without a cursor: at the oldest stored message (the default), or with what is published from now on.",
    }),
  ),
  after: Type.Optional(Type.String({ format: "date-time", description: "Begin with messages from this time on." })),
  event_types: Type.Optional(Type.Array(Name, { maxItems: 250, description: "Comma-separated names." })),
  channel: Type.Optional(ChannelName),
  raw: Type.Optional(Type.Boolean({ default: false, description: "Returns every payload as `rawPayload` in base64." })),
} as const;

export const FEED_MODELS = [
  FeedMessageOut,
  FeedPageOut,
  ConsumerPageOut,
  PollingEndpointMessageOut,
  PollingEndpointOut,
  PollingEndpointConsumerSeekIn,
  PollingEndpointConsumerSeekOut,
  ConsumerPollIn,
  ConsumerCommitIn,
  ConsumerResetIn,
  PollerV2CommitIn,
  PollerV2PollOut,
  FeedConsumerOut,
  FeedConsumerList,
];
