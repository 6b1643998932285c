import { Type } from "typebox";
import { DESTINATION_KINDS } from "../../destinations/kinds.ts";
import {
  ChannelName,
  DateTime,
  listOf,
  Metadata,
  Name,
  nullable,
  Payload,
  Rate,
  Secret,
  StringMap,
  Uid,
  uidWithout,
} from "./common.ts";
import { configModelIds, DOCUMENTED_AS } from "./kind-fields.ts";

const EndpointUid = uidWithout("ep_");
const EventTypes = nullable(Type.Array(Name, { minItems: 1, maxItems: 1000 }));
/** Under the older name, an empty list means all, because forms without a selection send one. */
const FilterTypes = nullable(Type.Array(Name, { maxItems: 1000 }));
const Channels = nullable(Type.Array(ChannelName, { minItems: 1, maxItems: 10 }));
const LooseRate = Type.Integer({ minimum: 0, maximum: 65_535 });

/** Kind and configuration of the destination. The domain validates them, because only it knows the fields of each kind. */
export const targetSettings = {
  url: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description: "Required for the kind `http`, and not allowed otherwise.",
    }),
  ),
  kind: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description:
        "Destination kind, `http` by default. `GET /api/v1/destination-kinds` lists the kinds and their fields. It cannot be changed.",
    }),
  ),
  config: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({
      type: "object",
      additionalProperties: { type: ["string", "number", "boolean", "null"] },
      [DOCUMENTED_AS]: configModelIds(DESTINATION_KINDS, "DestinationConfig"),
      description:
        "Configuration of the destination kind. Secrets are stored encrypted and never returned. In a change, omitted secrets are kept, unless a field that determines where they are sent changes.",
    }),
  ),
};

export const endpointSettings = {
  description: Type.Optional(Type.String({ maxLength: 65_536 })),
  version: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  throttleRate: Type.Optional(nullable(Rate)),
  rateLimit: Type.Optional(nullable(Rate)),
  uid: Type.Optional(nullable(EndpointUid)),
  disabled: Type.Optional(Type.Boolean()),
  eventTypes: Type.Optional(EventTypes),
  filterTypes: Type.Optional(FilterTypes),
  channels: Type.Optional(Channels),
  metadata: Type.Optional(Metadata),
};

export const EndpointIn = Type.Object(
  {
    ...targetSettings,
    ...endpointSettings,
    secret: Type.Optional(Secret),
    headers: Type.Optional(nullable(StringMap)),
  },
  {
    $id: "EndpointIn",
    description: "Without `eventTypes`, all event types match. Without `channels`, all messages match.",
  },
);

export const EndpointUpsertIn = Type.Object(
  { ...targetSettings, ...endpointSettings },
  { $id: "EndpointUpsertIn", description: "Omitted fields are reset to their defaults; secret and headers are kept." },
);

export const EndpointPatch = Type.Object(
  {
    ...targetSettings,
    ...endpointSettings,
    throttleRate: Type.Optional(nullable(LooseRate)),
    rateLimit: Type.Optional(nullable(LooseRate)),
    eventTypes: Type.Optional(FilterTypes),
    channels: Type.Optional(nullable(Type.Array(ChannelName, { maxItems: 10 }))),
  },
  { $id: "EndpointPatch", description: "Omitted fields are kept; null clears a field." },
);

export const endpointOutFields = {
  id: Type.String(),
  uid: nullable(Uid),
  kind: Type.String({ description: "Destination kind; `http` for a webhook." }),
  config: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: "Configuration of the destination kind, without secrets. Absent for the kind `http`.",
    }),
  ),
  configSecrets: Type.Optional(
    Type.Record(Type.String(), Type.Boolean(), {
      description: "Whether each secret of the configuration has a value.",
    }),
  ),
  url: Type.String({
    description: "URL of a webhook. For other kinds, where messages go, without secrets.",
  }),
  description: Type.String(),
  version: Type.Integer(),
  throttleRate: nullable(
    Type.Integer({ description: "Maximum attempts per second. The policy of the endpoint has more limits." }),
  ),
  rateLimit: nullable(Type.Integer()),
  disabled: Type.Boolean(),
  eventTypes: nullable(Type.Array(Type.String())),
  filterTypes: nullable(Type.Array(Type.String())),
  channels: nullable(Type.Array(Type.String())),
  createdAt: DateTime,
  updatedAt: DateTime,
};

const { version: _version, channels: _channels, createdAt, updatedAt, ...otherFields } = endpointOutFields;
/** Fields of endpoints that belong to no application: those of sources and of operational webhooks. */
export const ownEndpointOutFields = { ...otherFields, metadata: StringMap, createdAt, updatedAt };

export const EndpointOut = Type.Object(
  { ...endpointOutFields, metadata: StringMap },
  { $id: "EndpointOut", description: "A URL of a customer that receives events." },
);

export const EndpointList = listOf(EndpointOut);

export const EndpointSecretOut = Type.Object(
  {
    key: Type.String({
      description: "The key that receivers verify signatures with: `whsec_…`, or the public key `whpk_…`.",
    }),
  },
  { $id: "EndpointSecretOut" },
);

export const secretRotation = {
  key: Type.Optional(Secret),
  gracePeriodSeconds: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 0,
        maximum: 604_800,
        description: "Seconds during which the previous secret keeps signing; one day by default.",
      }),
    ),
  ),
};

export const EndpointSecretRotateIn = Type.Object(secretRotation, { $id: "EndpointSecretRotateIn" });

export const EndpointHeadersIn = Type.Object({ headers: StringMap }, { $id: "EndpointHeadersIn" });

export const EndpointHeadersPatchIn = Type.Object(
  {
    headers: Type.Record(Type.String(), nullable(Type.String()), { description: "Null removes the header." }),
    deleteHeaders: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
  },
  { $id: "EndpointHeadersPatchIn" },
);

export const EndpointHeadersOut = Type.Object(
  {
    headers: StringMap,
    sensitive: Type.Array(Type.String(), {
      description: "Names of headers that contain a credential. Their values are not returned.",
    }),
  },
  { $id: "EndpointHeadersOut" },
);

export const StatsQuery = { since: Type.Optional(DateTime), until: Type.Optional(DateTime) };

const statsFields = {
  success: Type.Integer(),
  pending: Type.Integer(),
  sending: Type.Integer(),
  fail: Type.Integer(),
  canceled: Type.Integer(),
};

export const EndpointStats = Type.Object(statsFields, {
  $id: "EndpointStats",
  description:
    "Numbers of successful and failed attempts, and of deliveries that are pending, waiting for a retry, or canceled.",
});

export const EndpointAttemptStats = Type.Object(
  { success: Type.Integer(), fail: Type.Integer(), canceled: Type.Integer() },
  {
    $id: "EndpointAttemptStats",
    description: "Numbers of successful and failed attempts, and of canceled deliveries.",
  },
);

export const MessageStats = Type.Object(statsFields, {
  $id: "MessageStats",
  description: "Number of deliveries of a message by status.",
});

export const RecoverIn = Type.Object(
  { since: DateTime, until: Type.Optional(nullable(DateTime)) },
  { $id: "RecoverIn", description: "A time window of up to 14 days." },
);

export const EventExampleIn = Type.Object(
  {
    eventType: Name,
    exampleIndex: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 1000,
          description: "Index of the example in the schema; the first one by default.",
        }),
      ),
    ),
    payload: Type.Optional(nullable(Payload)),
  },
  { $id: "EventExampleIn" },
);
