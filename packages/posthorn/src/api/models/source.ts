/** Sources of inbound webhooks. */
import { Type } from "typebox";
import { SOURCE_KINDS } from "../../sources/kinds.ts";
import { DateTime, listOf, Metadata, nullable, ref, secretUrl, StringMap } from "./common.ts";
import { configModelIds, DOCUMENTED_AS } from "./kind-fields.ts";
import { SourceVerification } from "./source-verification.ts";

export const SourceUid = Type.String({ minLength: 1, maxLength: 60, pattern: "^(?!src_)[a-zA-Z0-9_-]+$" });

const SourceResponse = Type.Object({
  status: Type.Optional(
    Type.Integer({
      minimum: 200,
      maximum: 599,
      description: "The event is stored regardless of the status. Most senders retry after anything other than 2xx.",
    }),
  ),
  headers: Type.Optional({
    ...StringMap,
    description:
      "`content-type`, `retry-after`, `cache-control`, `content-language`, `allow`, `webhook-allowed-origin`, `webhook-allowed-rate`, and custom headers that start with `x-`. Headers with a meaning to browsers or proxies are rejected.",
  }),
  body: Type.Optional(
    Type.String({
      maxLength: 65_536,
      description: "May contain the placeholders `{id}`, `{type}`, `{header:…}`, `{query:…}` and `{body:…}`.",
    }),
  ),
  delaySeconds: Type.Optional(
    Type.Number({ minimum: 0, maximum: 20, description: "Seconds to wait before the response." }),
  ),
  wait: Type.Optional(
    nullable(
      Type.Object({
        endpoint: Type.Optional(nullable(Type.String({ maxLength: 256 }))),
        timeoutSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 25 })),
      }),
    ),
  ),
});

const settings = {
  publicKeys: Type.Optional(
    Type.Array(Type.String({ maxLength: 16_384 }), {
      maxItems: 10,
      description: "Public keys of the provider. They replace the keys it publishes.",
    }),
  ),
  allowUnsigned: Type.Optional(
    nullable(
      Type.Boolean({
        description: "Accept unsigned requests. Default: only for providers that cannot sign.",
      }),
    ),
  ),
  toleranceSeconds: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 604_800 }))),
  methods: Type.Optional(
    Type.Array(
      Type.Union([
        Type.Literal("POST"),
        Type.Literal("PUT"),
        Type.Literal("PATCH"),
        Type.Literal("DELETE"),
        Type.Literal("GET"),
      ]),
      {
        minItems: 1,
        maxItems: 5,
        description: "HTTP methods accepted for events. Handshakes use the method of the provider.",
      },
    ),
  ),
  maxBodyBytes: Type.Optional(nullable(Type.Integer({ minimum: 1 }))),
  rateLimit: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: "Requests per second. Posthorn responds 429 to further requests.",
      }),
    ),
  ),
  dailyQuota: Type.Optional(
    nullable(Type.Integer({ minimum: 1, description: "Events per UTC day. Posthorn responds 429 to further events." })),
  ),
  allowedAddresses: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 500,
      description:
        "IP addresses, networks such as 192.0.2.0/24, or the lists published by `github`, `stripe`, `telegram` and `paystack`. Empty: any address.",
    }),
  ),
  deduplication: Type.Optional(
    Type.Union([Type.Literal("auto"), Type.Literal("id"), Type.Literal("content"), Type.Literal("off")], {
      description:
        "`id`: same delivery ID. `content`: same body within one day. `auto`: by ID, or by content if the provider sends no IDs.",
    }),
  ),
  response: Type.Optional(
    nullable({ ...SourceResponse, description: "Response that replaces the one the provider expects." }),
  ),
};

export const IngestSourceIn = Type.Object(
  {
    name: Type.String({ minLength: 2, maxLength: 256 }),
    uid: Type.Optional(nullable(SourceUid)),
    metadata: Type.Optional(Metadata),
    type: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          "Provider such as `github`, or `generic-webhook`. GET /ingest/api/v1/source-type lists all types. Required for webhooks. `cron` creates a schedule.",
      }),
    ),
    kind: Type.Optional(
      nullable(
        Type.String({
          maxLength: 64,
          description:
            "How events arrive: `webhook` (default), or what Posthorn reads, such as `schedule` or `http`. GET /ingest/api/v1/source-kinds lists all kinds. Cannot be changed.",
        }),
      ),
    ),
    config: Type.Optional(
      nullable(
        Type.Record(Type.String(), Type.Unknown(), {
          description:
            "Webhooks: settings of the provider, and optionally `secret` or `publicKey`, never returned. Other kinds: the fields of the kind; secrets are never returned, and change only if the request contains them.",
          [DOCUMENTED_AS]: configModelIds(SOURCE_KINDS, "SourceConfig"),
        }),
      ),
    ),
    secrets: Type.Optional(
      nullable(
        Type.Array(Type.String({ minLength: 1, maxLength: 16_384 }), {
          maxItems: 10,
          description: "All currently valid secrets, newest first.",
        }),
      ),
    ),
    verification: Type.Optional(nullable(SourceVerification)),
    expiresAt: Type.Optional(
      nullable(
        Type.String({ format: "date-time", description: "When the source is deleted automatically. Default: never." }),
      ),
    ),
    ...settings,
  },
  {
    $id: "IngestSourceIn",
    description:
      "PUT resets omitted fields to their defaults. Secrets and `config` change only if the request contains them.",
  },
);

const SecretWarnings = Type.Optional(
  Type.Array(
    Type.Object({
      code: Type.Union([Type.Literal("secret_quoted"), Type.Literal("secret_whitespace")]),
      field: Type.String({ description: "Field of the request, such as `secrets[0]`." }),
      message: Type.String(),
    }),
    {
      description:
        "Secrets that start or end with quotation marks or white space, in responses to changes. They are stored as given.",
    },
  ),
);

export const IngestSourceOut = Type.Object(
  {
    id: Type.String(),
    uid: nullable(SourceUid),
    name: Type.String(),
    type: Type.String(),
    kind: Type.String({ description: "How events arrive: `webhook`, or the name of another kind." }),
    config: Type.Record(Type.String(), Type.Unknown(), {
      description:
        "Fields of the kind without secrets. Empty for webhooks, because settings of providers can be secrets.",
    }),
    state: Type.Optional(
      nullable(
        Type.String({
          description:
            "In lists only: `running`, `waiting`, `failing` or `paused` for sources that Posthorn reads. Null: it is a webhook.",
        }),
      ),
    ),
    configured: Type.Array(Type.String(), {
      description: "Names of the settings that have a value, secrets included.",
    }),
    ingestUrl: secretUrl(
      nullable(
        Type.String({
          description:
            "URL to enter at the provider, or `mailto:` with the address of an `email` source. Keep it secret: anyone who knows it can send events. Null: sources of this kind receive none.",
        }),
      ),
    ),
    metadata: StringMap,
    verification: nullable(SourceVerification),
    publicKeys: Type.Array(Type.String()),
    allowUnsigned: Type.Boolean(),
    toleranceSeconds: nullable(Type.Integer()),
    methods: Type.Array(Type.String()),
    maxBodyBytes: nullable(Type.Integer()),
    rateLimit: nullable(Type.Integer()),
    dailyQuota: nullable(Type.Integer()),
    allowedAddresses: Type.Array(Type.String()),
    deduplication: Type.String(),
    response: nullable(SourceResponse),
    expiresAt: nullable(DateTime),
    createdAt: DateTime,
    updatedAt: DateTime,
    warnings: SecretWarnings,
  },
  { $id: "IngestSourceOut", description: "URL that receives webhooks of one provider or another sender." },
);

export const IngestSourceList = listOf(IngestSourceOut);

export const RotateTokenIn = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_592_000,
        description: "Seconds for which the previous URL keeps working. Default: one day.",
      }),
    ),
  },
  { $id: "RotateTokenIn" },
);

export const RotateTokenOut = Type.Object({ ingestUrl: Type.String() }, { $id: "RotateTokenOut" });

export const IngestSourceSecretIn = Type.Object(
  {
    secret: Type.String({ minLength: 1, maxLength: 16_384 }),
    overlapSeconds: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 31_536_000,
          description: "Seconds for which earlier secrets stay valid. Default: until you delete them.",
        }),
      ),
    ),
  },
  { $id: "IngestSourceSecretIn" },
);

export const IngestSourceSecretOut = Type.Object(
  { id: Type.String(), createdAt: DateTime, expiresAt: nullable(DateTime), warnings: SecretWarnings },
  { $id: "IngestSourceSecretOut", description: "Signing secret of a provider. Its value is never returned." },
);

export const IngestSourceSecretList = Type.Object(
  { data: Type.Array(ref(IngestSourceSecretOut)) },
  { $id: "IngestSourceSecretList" },
);

export const IngestSourceConsumerPortalAccessIn = Type.Object(
  {
    expiry: Type.Optional(
      nullable(Type.Integer({ minimum: 3600, maximum: 604_800, description: "Seconds. Default: seven days." })),
    ),
    readOnly: Type.Optional(nullable(Type.Boolean())),
  },
  { $id: "IngestSourceConsumerPortalAccessIn" },
);
