import { Type } from "typebox";
import { DateTime, nullable, Url } from "./common.ts";

const Text = Type.Optional(Type.String({ maxLength: 4096 }));
const HeaderName = Type.Optional(Type.String({ minLength: 1, maxLength: 256 }));
const Pem = Type.Optional(Type.String({ maxLength: 65_536 }));

/** One object for all types rather than a union, so that a mistake is named by its field. */
const Auth = Type.Object(
  {
    type: Type.Union(
      [
        Type.Literal("basic"),
        Type.Literal("bearer"),
        Type.Literal("header"),
        Type.Literal("hmac"),
        Type.Literal("oauth2"),
      ],
      {
        description:
          "`basic`: user, password. `bearer`: token. `header`: name, value. `hmac`: header, secret, and what shapes the signature. `oauth2`: tokenUrl, clientId, clientSecret (client credentials).",
      },
    ),
    user: Text,
    password: Text,
    token: Text,
    name: HeaderName,
    value: Text,
    header: HeaderName,
    secret: Text,
    algorithm: Type.Optional(
      Type.Union([Type.Literal("sha1"), Type.Literal("sha256"), Type.Literal("sha384"), Type.Literal("sha512")]),
    ),
    encoding: Type.Optional(Type.Union([Type.Literal("hex"), Type.Literal("base64")])),
    template: Type.Optional(
      Type.String({
        maxLength: 1024,
        description: "Value of the header, with `{signature}` and perhaps `{timestamp}`.",
      }),
    ),
    signed: Type.Optional(
      Type.String({ maxLength: 1024, description: "What is signed, with `{body}` once and perhaps `{timestamp}`." }),
    ),
    timestampHeader: HeaderName,
    tokenUrl: Type.Optional(Url),
    clientId: Text,
    clientSecret: Text,
    scope: Text,
    audience: Text,
    credentials: Type.Optional(
      Type.Union([Type.Literal("header"), Type.Literal("form")], {
        description: "Where client id and secret go in the token request.",
      }),
    ),
  },
  { additionalProperties: true },
);

const Tls = Type.Object({
  ca: Pem,
  cert: Pem,
  key: Pem,
  passphrase: Text,
  pins: Type.Optional(
    Type.Array(Type.String({ maxLength: 100 }), {
      maxItems: 20,
      description: "SHA-256 fingerprints of accepted certificates, in hex.",
    }),
  ),
});

export const Proxy = Type.Object({
  url: Url,
  target: Type.Optional(Type.Union([Type.Literal("address"), Type.Literal("name")])),
});

/** What may be seen of a proxy. */
export const ProxyOut = Type.Object({
  scheme: Type.String(),
  target: Type.String(),
  refused: Type.Boolean({
    description:
      "The operator does not let applications reach the host of this proxy: deliveries fail with `blocked_proxy`.",
  }),
});

export const EndpointEgressIn = Type.Object(
  {
    auth: Type.Optional(nullable(Auth)),
    tls: Type.Optional(nullable(Tls)),
    proxy: Type.Optional(nullable(Proxy)),
  },
  { $id: "EndpointEgressIn", description: "A part that is left out stays; null removes it. Write-only." },
);

export const EndpointEgressOut = Type.Object(
  {
    auth: nullable(
      Type.Object({
        type: Type.String(),
        headers: Type.Array(Type.String(), { description: "Names of the headers that carry the credentials." }),
        tokenUrl: nullable(Type.String()),
        clientId: nullable(Type.String()),
        scope: nullable(Type.String()),
      }),
    ),
    tls: nullable(
      Type.Object({
        ca: Type.Boolean(),
        clientCertificateValidTo: nullable(DateTime),
        pins: Type.Array(Type.String()),
      }),
    ),
    proxy: nullable(ProxyOut),
  },
  { $id: "EndpointEgressOut", description: "What is set, without any secret." },
);

export const EndpointVerifyIn = Type.Object(
  {
    method: Type.Optional(
      Type.Union([Type.Literal("cloudevents"), Type.Literal("challenge")], {
        description:
          "`cloudevents`: an OPTIONS request that asks for consent. `challenge`: a POST whose challenge must come back. Left out: what the policy asks for, else `cloudevents`.",
      }),
    ),
  },
  { $id: "EndpointVerifyIn" },
);

export const EndpointVerificationOut = Type.Object(
  {
    required: nullable(Type.String({ description: "How it must prove that it wants deliveries. Null: it need not." })),
    method: nullable(Type.String({ description: "How it did. Null: it did not, or for another host." })),
    verifiedAt: nullable(DateTime),
    held: Type.Boolean({ description: "What it is owed waits until it proves that it wants it." }),
    ratePerMinute: nullable(
      Type.Integer({
        description:
          "Deliveries a minute that it gets at most: what it granted, or the low rate of an endpoint that proved nothing.",
      }),
    ),
    requestOrigin: nullable(
      Type.String({ description: "The name it consented to, sent as `Origin` with each delivery." }),
    ),
  },
  { $id: "EndpointVerificationOut" },
);

export const EndpointVerifyOut = Type.Object(
  {
    verified: Type.Boolean({ description: "Whether it consented now." }),
    verifiedAt: nullable(DateTime),
    required: nullable(Type.String({ description: "How it must prove that it wants deliveries. Null: it need not." })),
    ratePerMinute: nullable(Type.Integer({ description: "Deliveries a minute that the endpoint grants." })),
    code: nullable(Type.String({ description: "Why it is not verified." })),
    message: nullable(Type.String()),
    responseStatusCode: nullable(Type.Integer()),
    errorCode: nullable(Type.String({ description: "Cause when there was no answer, as of an attempt." })),
  },
  { $id: "EndpointVerifyOut" },
);
