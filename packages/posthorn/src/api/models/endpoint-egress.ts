import { Type } from "typebox";
import { DateTime, nullable, Url } from "./common.ts";

const Text = Type.Optional(Type.String({ maxLength: 4096 }));
const HeaderName = Type.Optional(Type.String({ minLength: 1, maxLength: 256 }));
const Pem = Type.Optional(Type.String({ maxLength: 65_536 }));

/** One object for all types rather than a union, so that an error names its field. */
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
          "`basic`: user, password. `bearer`: token. `header`: name, value. `hmac`: header, secret and the format of the signature. `oauth2`: tokenUrl, clientId, clientSecret (client credentials grant).",
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
        description: "Value of the header. Must contain `{signature}`, and can contain `{timestamp}`.",
      }),
    ),
    signed: Type.Optional(
      Type.String({
        maxLength: 1024,
        description: "The text that is signed. Must contain `{body}` once, and can contain `{timestamp}`.",
      }),
    ),
    timestampHeader: HeaderName,
    tokenUrl: Type.Optional(Url),
    clientId: Text,
    clientSecret: Text,
    scope: Text,
    audience: Text,
    credentials: Type.Optional(
      Type.Union([Type.Literal("header"), Type.Literal("form")], {
        description: "Where the token request contains the client ID and secret.",
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
      description: "SHA-256 fingerprints of the accepted certificates, in hex.",
    }),
  ),
});

export const Proxy = Type.Object({
  url: Url,
  target: Type.Optional(Type.Union([Type.Literal("address"), Type.Literal("name")])),
});

/** A proxy without its credentials. */
export const ProxyOut = Type.Object({
  scheme: Type.String(),
  target: Type.String(),
  refused: Type.Boolean({
    description:
      "The operator does not allow applications to reach the host of this proxy: deliveries fail with `blocked_proxy`.",
  }),
});

export const EndpointEgressIn = Type.Object(
  {
    auth: Type.Optional(nullable(Auth)),
    tls: Type.Optional(nullable(Tls)),
    proxy: Type.Optional(nullable(Proxy)),
  },
  { $id: "EndpointEgressIn", description: "Omitted parts are kept; null removes a part. Write-only." },
);

export const EndpointEgressOut = Type.Object(
  {
    auth: nullable(
      Type.Object({
        type: Type.String(),
        headers: Type.Array(Type.String(), { description: "Names of the headers that contain the credentials." }),
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
  { $id: "EndpointEgressOut", description: "The settings, without secrets." },
);

export const EndpointVerifyIn = Type.Object(
  {
    method: Type.Optional(
      Type.Union([Type.Literal("cloudevents"), Type.Literal("challenge")], {
        description:
          "`cloudevents`: an OPTIONS request that asks for consent. `challenge`: a POST request with a challenge that the endpoint must return. By default the method that the policy requires, otherwise `cloudevents`.",
      }),
    ),
  },
  { $id: "EndpointVerifyIn" },
);

export const EndpointVerificationOut = Type.Object(
  {
    required: nullable(
      Type.String({ description: "How the endpoint must be verified. Null: verification is not required." }),
    ),
    method: nullable(
      Type.String({ description: "How the endpoint was verified. Null: not verified, or verified for another host." }),
    ),
    verifiedAt: nullable(DateTime),
    held: Type.Boolean({ description: "Whether deliveries are on hold until the endpoint is verified." }),
    ratePerMinute: nullable(
      Type.Integer({
        description:
          "Maximum deliveries per minute: the rate that the endpoint granted, or the low rate of an unverified endpoint.",
      }),
    ),
    requestOrigin: nullable(
      Type.String({
        description:
          "The name that the endpoint consented to, sent as `WebHook-Request-Origin` and `Origin` with each delivery.",
      }),
    ),
  },
  { $id: "EndpointVerificationOut" },
);

export const EndpointVerifyOut = Type.Object(
  {
    verified: Type.Boolean({ description: "Whether the endpoint is verified now." }),
    verifiedAt: nullable(DateTime),
    required: nullable(
      Type.String({ description: "How the endpoint must be verified. Null: verification is not required." }),
    ),
    ratePerMinute: nullable(Type.Integer({ description: "Deliveries per minute that the endpoint allows." })),
    code: nullable(Type.String({ description: "Why the endpoint is not verified." })),
    callbackUntil: nullable(
      Type.String({
        format: "date-time",
        description:
          "Until when the receiver can still agree by requesting the URL in `WebHook-Request-Callback`. Null: it is verified, or the method has no callback.",
      }),
    ),
    message: nullable(Type.String()),
    responseStatusCode: nullable(Type.Integer()),
    errorCode: nullable(Type.String({ description: "Error code when there was no response, as in attempts." })),
  },
  { $id: "EndpointVerifyOut" },
);
