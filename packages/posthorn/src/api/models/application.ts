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

export const ApplicationList = listOf(ApplicationOut);
