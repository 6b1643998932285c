/** Destinations of the compatible API. */
import { Type } from "typebox";
import { ChannelName, DateTime, listOf, Metadata, Name, nullable, StringMap, Uid, uidWithout } from "./common.ts";

const Config = Type.Unsafe<Record<string, unknown>>({
  type: "object",
  additionalProperties: true,
  description:
    "Configuration of the type. For `fifoEndpoint`: `url`, `headers` and `key`, the signing secret. For other types: the fields that " +
    "`GET /api/v1/destination-kinds` lists.",
});
const DestinationType = Type.String({
  maxLength: 64,
  description:
    "`fifoEndpoint` (a webhook that receives its messages in order), `pollingEndpoint`, `sqs`, `sns`, `eventBridge`, `amazonS3`, " +
    "`googleCloudStorage`, `googleCloudPubSub`, `azureBlobStorage`, `clickhouse`, `postgres` or `rabbitMq`.",
});
const BatchSize = Type.Integer({
  minimum: 1,
  maximum: 10_000,
  description:
    "Maximum number of messages in a request. Has no effect on types that accept one message at a time, such as `fifoEndpoint`.",
});
const MaxWait = Type.Integer({
  minimum: 0,
  maximum: 86_400,
  description: "Seconds that the first message of a request waits for others.",
});
/** Forms without a selection send an empty list. */
const EventTypes = Type.Array(Name, { maxItems: 1000 });
const Channels = Type.Array(ChannelName, { maxItems: 10 });
const Status = Type.Union([Type.Literal("enabled"), Type.Literal("disabled")]);

export const DestinationIn = Type.Object(
  {
    type: DestinationType,
    config: Type.Optional(Config),
    uid: Type.Optional(nullable(uidWithout("ep_"))),
    status: Type.Optional(Status),
    batchSize: Type.Optional(BatchSize),
    maxWaitSecs: Type.Optional(MaxWait),
    eventTypes: Type.Optional(nullable(EventTypes)),
    channels: Type.Optional(nullable(Channels)),
    metadata: Type.Optional(Metadata),
  },
  { $id: "DestinationIn", description: "Messages are sent to a destination in order." },
);

export const DestinationPatch = Type.Object(
  {
    type: DestinationType,
    config: Type.Optional(Config),
    uid: Type.Optional(nullable(uidWithout("ep_"))),
    status: Type.Optional(nullable(Status)),
    batchSize: Type.Optional(nullable(BatchSize)),
    maxWaitSecs: Type.Optional(nullable(MaxWait)),
    eventTypes: Type.Optional(nullable(EventTypes)),
    channels: Type.Optional(nullable(Channels)),
    metadata: Type.Optional(Metadata),
  },
  { $id: "DestinationPatch", description: "Omitted fields are kept. The type cannot be changed." },
);

export const DestinationOut = Type.Object(
  {
    id: Type.String(),
    uid: nullable(Uid),
    type: Type.String(),
    config: Type.Record(Type.String(), Type.Unknown(), { description: "Without secrets." }),
    status: Type.String({
      description:
        "`enabled`, `disabled`, `paused` (by a call, or because this server cannot use the destination) or `retrying` (the last attempt failed).",
    }),
    currentIterator: Type.String({ description: "ID of the message that was sent last; empty if none was sent." }),
    failureReason: nullable(Type.String({ description: "Why the last attempt failed." })),
    nextRetryAt: nullable(DateTime),
    batchSize: Type.Integer(),
    maxWaitSecs: Type.Integer(),
    eventTypes: nullable(Type.Array(Type.String())),
    channels: nullable(Type.Array(Type.String())),
    metadata: StringMap,
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "DestinationOut", description: "An endpoint that receives its messages in order." },
);

export const DestinationList = listOf(DestinationOut);

export const DestinationTransformIn = Type.Object(
  {
    code: Type.Optional(
      nullable(
        Type.String({
          minLength: 10,
          maxLength: 51_200,
          description: "JavaScript, as for an endpoint. Null removes it.",
        }),
      ),
    ),
  },
  { $id: "DestinationTransformIn" },
);

export const DestinationTransformationOut = Type.Object(
  { code: nullable(Type.String()), enabled: Type.Boolean() },
  { $id: "DestinationTransformationOut" },
);

export const COMPATIBLE_DESTINATION_MODELS = [
  DestinationIn,
  DestinationPatch,
  DestinationOut,
  DestinationList,
  DestinationTransformIn,
  DestinationTransformationOut,
] as const;
