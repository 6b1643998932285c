import { Type } from "typebox";
import { Proxy, ProxyOut } from "./endpoint-egress.ts";
import { DateTime, listOf, Metadata, nullable, Rate, StringMap, Uid, uidWithout } from "./common.ts";

const AppUid = uidWithout("app_");
const rateDescription = "Attempts a second, to each endpoint. See the policy of the application for more.";

export const ApplicationIn = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 1024 }),
    uid: Type.Optional(nullable(AppUid)),
    throttleRate: Type.Optional(nullable(Rate)),
    rateLimit: Type.Optional(nullable(Rate)),
    metadata: Type.Optional(Metadata),
  },
  { $id: "ApplicationIn", description: "`throttleRate` and `rateLimit` are two names of one field." },
);

export const ApplicationPatch = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    uid: Type.Optional(nullable(AppUid)),
    throttleRate: Type.Optional(nullable(Type.Integer({ minimum: 0, maximum: 65_535 }))),
    rateLimit: Type.Optional(nullable(Type.Integer({ minimum: 0, maximum: 65_535 }))),
    metadata: Type.Optional(Metadata),
  },
  { $id: "ApplicationPatch", description: "Absent fields stay; null clears." },
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
  { $id: "ApplicationOut", description: "A customer of yours: owns endpoints and messages." },
);

const AllowWords = nullable(
  Type.String({
    maxLength: 4096,
    description:
      "Words as in POSTHORN_EGRESS_ALLOW, in place of them. They open nothing beyond POSTHORN_EGRESS_ALLOW and POSTHORN_EGRESS_TENANT_ALLOW. Null: the platform's hold.",
  }),
);

export const ApplicationEgressIn = Type.Object(
  { allow: Type.Optional(AllowWords), proxy: Type.Optional(nullable(Proxy)) },
  {
    $id: "ApplicationEgressIn",
    description: "A part that is left out stays; null removes it. The proxy is write-only.",
  },
);

export const ApplicationEgress = Type.Object(
  {
    allow: AllowWords,
    refusedWords: Type.Array(Type.String(), {
      description: "Words of `allow` that have no effect: the operator does not let applications open what they name.",
    }),
    proxy: nullable(ProxyOut),
  },
  { $id: "ApplicationEgress" },
);

export const ApplicationList = listOf(ApplicationOut);
