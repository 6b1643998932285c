import { Type } from "typebox";
import { Proxy, ProxyOut } from "./endpoint-egress.ts";
import { DateTime, listOf, Metadata, nullable, Rate, StringMap, Uid, uidWithout } from "./common.ts";

const AppUid = uidWithout("app_");
const rateDescription = "Maximum attempts per second to each endpoint. The policy of the application has more limits.";

export const ApplicationIn = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 1024 }),
    uid: Type.Optional(nullable(AppUid)),
    throttleRate: Type.Optional(nullable(Rate)),
    rateLimit: Type.Optional(nullable(Rate)),
    metadata: Type.Optional(Metadata),
  },
  { $id: "ApplicationIn", description: "`throttleRate` and `rateLimit` are two names for the same field." },
);

export const ApplicationPatch = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    uid: Type.Optional(nullable(AppUid)),
    throttleRate: Type.Optional(nullable(Type.Integer({ minimum: 0, maximum: 65_535 }))),
    rateLimit: Type.Optional(nullable(Type.Integer({ minimum: 0, maximum: 65_535 }))),
    metadata: Type.Optional(Metadata),
  },
  { $id: "ApplicationPatch", description: "Omitted fields are kept; null clears a field." },
);

export const ApplicationOut = Type.Object(
  {
    id: Type.String(),
    uid: nullable(Uid),
    name: Type.String(),
    throttleRate: nullable(Type.Integer({ description: rateDescription })),
    rateLimit: nullable(Type.Integer({ description: rateDescription })),
    metadata: StringMap,
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "ApplicationOut", description: "A customer of yours. An application has endpoints and messages." },
);

const AllowWords = nullable(
  Type.String({
    maxLength: 4096,
    description:
      "Entries in the syntax of POSTHORN_EGRESS_ALLOW, used instead of it. They cannot allow more than POSTHORN_EGRESS_ALLOW and POSTHORN_EGRESS_TENANT_ALLOW. Null: the setting of the server applies.",
  }),
);

export const ApplicationEgressIn = Type.Object(
  { allow: Type.Optional(AllowWords), proxy: Type.Optional(nullable(Proxy)) },
  {
    $id: "ApplicationEgressIn",
    description: "Omitted parts are kept; null removes a part. The proxy is write-only.",
  },
);

export const ApplicationEgress = Type.Object(
  {
    allow: AllowWords,
    refusedWords: Type.Array(Type.String(), {
      description:
        "Entries of `allow` that have no effect, because the operator does not allow applications to reach those targets.",
    }),
    proxy: nullable(ProxyOut),
  },
  { $id: "ApplicationEgress" },
);

const days = (description: string) => Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 3650, description })));

export const ApplicationRetentionIn = Type.Object(
  {
    payloadDays: days("Payloads, and quarantined requests of a source."),
    attemptDays: days("Attempts of deliveries that succeeded or were canceled."),
    failureDays: days("Failed deliveries with their messages and attempts; at least as long as attempts."),
  },
  {
    $id: "ApplicationRetentionIn",
    description: "Periods in days, up to the server's. Omitted ones are kept; null: the server's period applies.",
  },
);

const RetentionPeriod = Type.Object({
  days: Type.Integer({ description: "The period that applies." }),
  from: Type.Union([Type.Literal("application"), Type.Literal("server")], {
    description: "`server`: the application has no period of its own, or the server's is shorter.",
  }),
  own: nullable(Type.Integer({ description: "The period of the application; null: none." })),
  server: Type.Integer({ description: "The period of the server, and the longest that an application can have." }),
});

export const ApplicationRetention = Type.Object(
  { payload: RetentionPeriod, attempt: RetentionPeriod, failure: RetentionPeriod },
  { $id: "ApplicationRetention", description: "How long data of the application is kept, in days." },
);

export const ApplicationList = listOf(ApplicationOut);
