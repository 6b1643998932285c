/** How a generic source verifies requests. */
import { Type } from "typebox";
import { nullable } from "./common.ts";

const Templates = Type.Optional(
  Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
    maxItems: 8,
    description: "Templates such as `{header:x-event}` or `{body:event.type}`. The first one with a value is used.",
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
    nullable(
      Type.String({
        maxLength: 64,
        description: "Name of the signature in a header of pairs, such as `v1` in `t=…,v1=…`.",
      }),
    ),
  ),
  separator: Type.Optional(Type.String({ minLength: 1, maxLength: 8 })),
  signed: Type.Optional(
    Type.String({ maxLength: 512, description: "Signed text, such as `{ts}.{body}`. Default: `{body}`." }),
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
  { description: "How a generic source verifies requests, and where it finds event type, delivery ID and time." },
);
