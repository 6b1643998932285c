/** Sources of inbound webhooks. */
import { Type } from "typebox";
import { DateTime, listOf, Metadata, nullable, ref, StringMap } from "./common.ts";

export const SourceUid = Type.String({ minLength: 1, maxLength: 60, pattern: "^(?!src_)[a-zA-Z0-9_-]+$" });

const Templates = Type.Optional(
  Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
    maxItems: 8,
    description: "Such as `{header:x-event}` or `{body:event.type}`; the first that can be filled counts.",
  }),
);
const places = { eventType: Templates, deliveryId: Templates, occurredAt: Templates };
const HeaderName = Type.String({ minLength: 1, maxLength: 256 });
const Encoding = Type.Union([Type.Literal("hex"), Type.Literal("base64"), Type.Literal("base64url")]);

const form = {
  header: HeaderName,
  encoding: Type.Optional(Encoding),
  prefix: Type.Optional(Type.String({ maxLength: 64, description: "Text before the signature, such as `sha256=`." })),
  field: Type.Optional(
    nullable(Type.String({ maxLength: 64, description: "Name of the signature in a header of pairs `t=…,v1=…`." })),
  ),
  separator: Type.Optional(Type.String({ minLength: 1, maxLength: 8 })),
  signed: Type.Optional(
    Type.String({ maxLength: 512, description: "What is signed, such as `{ts}.{body}`. `{body}` when left out." }),
  ),
  timestamp: Type.Optional(
    nullable(
      Type.Object({
        from: Type.String({ minLength: 1, maxLength: 256 }),
        unit: Type.Optional(Type.Union([Type.Literal("seconds"), Type.Literal("milliseconds"), Type.Literal("iso")])),
        toleranceSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
      }),
    ),
  ),
};

const HmacVerification = Type.Object({
  scheme: Type.Literal("hmac"),
  ...form,
  hash: Type.Optional(
    Type.Union([Type.Literal("sha1"), Type.Literal("sha256"), Type.Literal("sha384"), Type.Literal("sha512")]),
  ),
  secretEncoding: Type.Optional(Type.Union([Type.Literal("utf8"), Type.Literal("base64"), Type.Literal("hex")])),
  ...places,
});

const PublicKeyVerification = Type.Object({
  scheme: Type.Literal("public-key"),
  algorithm: Type.Union([Type.Literal("ed25519"), Type.Literal("ecdsa-p256-sha256"), Type.Literal("rsa-sha256")]),
  ...form,
  ...places,
});

const JwtVerification = Type.Object({
  scheme: Type.Literal("jwt"),
  header: Type.Optional(HeaderName),
  algorithms: Type.Array(
    Type.Union([
      Type.Literal("HS256"),
      Type.Literal("HS384"),
      Type.Literal("HS512"),
      Type.Literal("ES256"),
      Type.Literal("RS256"),
    ]),
    { minItems: 1, maxItems: 5 },
  ),
  jwksUrl: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 2048 }))),
  issuer: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 10 })),
  audience: Type.Optional(nullable(Type.String({ maxLength: 512 }))),
  bodyHash: Type.Optional(nullable(Type.Object({ claim: Type.String({ maxLength: 64 }), encoding: Encoding }))),
  ...places,
});

const Plain = <const Scheme extends string>(scheme: Scheme) => Type.Object({ scheme: Type.Literal(scheme), ...places });

export const SourceVerification = Type.Union(
  [
    HmacVerification,
    PublicKeyVerification,
    JwtVerification,
    Plain("basic"),
    Plain("bearer"),
    Type.Object({
      scheme: Type.Literal("api-key"),
      in: Type.Union([Type.Literal("header"), Type.Literal("query"), Type.Literal("body")]),
      name: Type.String({ minLength: 1, maxLength: 256 }),
      ...places,
    }),
    Plain("standard-webhooks"),
    Plain("none"),
  ],
  { description: "How a generic source verifies, and where in a request stands what it is about." },
);

const SourceResponse = Type.Object({
  status: Type.Optional(
    Type.Integer({
      minimum: 200,
      maximum: 599,
      description: "What came in is stored whatever this says. Outside 2xx most senders try again.",
    }),
  ),
  headers: Type.Optional({
    ...StringMap,
    description:
      "`content-type`, `retry-after`, `cache-control`, `content-language`, `allow`, `webhook-allowed-origin`, `webhook-allowed-rate`, and names of your own that begin with `x-`. Anything that a browser or a proxy acts on is refused.",
  }),
  body: Type.Optional(
    Type.String({
      maxLength: 65_536,
      description: "May hold `{id}`, `{type}`, `{header:…}`, `{query:…}` and `{body:…}`.",
    }),
  ),
  delaySeconds: Type.Optional(
    Type.Number({ minimum: 0, maximum: 20, description: "How long the answer is held back." }),
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
      description: "Keys of the provider, in place of those it publishes.",
    }),
  ),
  allowUnsigned: Type.Optional(
    nullable(
      Type.Boolean({
        description:
          "Whether requests that prove nothing are taken. When left out: from providers that have no means of proof.",
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
      { minItems: 1, maxItems: 5, description: "Methods of events. Handshakes use what the provider uses." },
    ),
  ),
  maxBodyBytes: Type.Optional(nullable(Type.Integer({ minimum: 1 }))),
  rateLimit: Type.Optional(
    nullable(Type.Integer({ minimum: 1, maximum: 65_535, description: "Requests a second; more get 429." })),
  ),
  dailyQuota: Type.Optional(
    nullable(Type.Integer({ minimum: 1, description: "Events in a day of UTC; more get 429." })),
  ),
  allowedAddresses: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 500,
      description: "Addresses, networks such as 192.0.2.0/24, or `github`, `stripe`, `telegram`, `paystack`.",
    }),
  ),
  deduplication: Type.Optional(
    Type.Union([Type.Literal("auto"), Type.Literal("id"), Type.Literal("content"), Type.Literal("off")], {
      description:
        "`id`: by the provider's delivery id. `content`: an equal body within a day is a duplicate. `auto`: by id, or by content where a provider has no ids.",
    }),
  ),
  response: Type.Optional(
    nullable({ ...SourceResponse, description: "In place of what the provider expects to be answered." }),
  ),
};

export const IngestSourceIn = Type.Object(
  {
    name: Type.String({ minLength: 2, maxLength: 256 }),
    uid: Type.Optional(nullable(SourceUid)),
    metadata: Type.Optional(Metadata),
    type: Type.String({
      maxLength: 64,
      description: "A provider such as `github`, or `generic-webhook`. GET /ingest/api/v1/source-type lists them.",
    }),
    config: Type.Optional(
      nullable(
        Type.Record(Type.String(), Type.Unknown(), {
          description: "`secret` or `publicKey`, and the settings of the provider. Never shown again.",
        }),
      ),
    ),
    secrets: Type.Optional(
      nullable(
        Type.Array(Type.String({ minLength: 1, maxLength: 16_384 }), {
          maxItems: 10,
          description: "All that are valid now, the newest first.",
        }),
      ),
    ),
    verification: Type.Optional(nullable(SourceVerification)),
    expiresAt: Type.Optional(
      nullable(Type.String({ format: "date-time", description: "When it is deleted by itself. Never when left out." })),
    ),
    ...settings,
  },
  {
    $id: "IngestSourceIn",
    description: "A PUT resets what is left out; secrets and `config` stay unless new ones are given.",
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
        "After a change: secrets that begin or end with quotation marks or white space. They are stored as given.",
    },
  ),
);

export const IngestSourceOut = Type.Object(
  {
    id: Type.String(),
    uid: nullable(SourceUid),
    name: Type.String(),
    type: Type.String(),
    config: Type.Record(Type.String(), Type.Unknown(), { description: "Empty: settings of providers can be secrets." }),
    configured: Type.Array(Type.String(), { description: "Names of the settings of the provider that are set." }),
    ingestUrl: Type.String({ description: "Where the provider sends to. Whoever knows it can send too." }),
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
  { $id: "IngestSourceOut", description: "An inbound URL for a provider or another sender." },
);

export const IngestSourceList = listOf(IngestSourceOut);

export const RotateTokenIn = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_592_000,
        description: "How long the URL before goes on to work. One day when left out.",
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
          description: "How long the secrets before go on to verify. Until they are deleted when left out.",
        }),
      ),
    ),
  },
  { $id: "IngestSourceSecretIn" },
);

export const IngestSourceSecretOut = Type.Object(
  { id: Type.String(), createdAt: DateTime, expiresAt: nullable(DateTime), warnings: SecretWarnings },
  { $id: "IngestSourceSecretOut", description: "A secret of a provider. Its value is never shown." },
);

export const IngestSourceSecretList = Type.Object(
  { data: Type.Array(ref(IngestSourceSecretOut)) },
  { $id: "IngestSourceSecretList" },
);

export const IngestSourceConsumerPortalAccessIn = Type.Object(
  {
    expiry: Type.Optional(
      nullable(Type.Integer({ minimum: 3600, maximum: 604_800, description: "Seconds. Seven days when left out." })),
    ),
    readOnly: Type.Optional(nullable(Type.Boolean())),
  },
  { $id: "IngestSourceConsumerPortalAccessIn" },
);
