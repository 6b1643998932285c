/** Models of alert rules and alerts. */
import { type TSchema, Type } from "typebox";
import { ALERT_KIND_NAMES, DIGESTS } from "../../domain/alert/rule.ts";
import { DateTime, listOf, nullable, ref } from "./common.ts";

const Kind = Type.Union(ALERT_KIND_NAMES.map((kind) => Type.Literal(kind)));
const DigestModel = Type.Union(
  DIGESTS.map((digest) => Type.Literal(digest)),
  { description: "Whether messages are combined: at most one each hour or day. `off` by default." },
);
const ClockTime = Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", examples: ["22:00"] });

export const AlertParamsModel = Type.Object(
  {
    minutes: Type.Optional(
      Type.Integer({ description: "How long a condition must last, or the period over which it is counted." }),
    ),
    percent: Type.Optional(Type.Number({ description: "Success rate of attempts below which the rule fires." })),
    count: Type.Optional(
      Type.Integer({ description: "Attempts, deliveries, requests or customers from which the rule fires." }),
    ),
    days: Type.Optional(Type.Integer({ description: "Days before the disk is full, or a certificate expires." })),
  },
  {
    $id: "AlertParams",
    description: "Thresholds of the kind. Those that are left out have the defaults of the documentation.",
    additionalProperties: false,
  },
);

export const QuietHoursModel = Type.Object(
  {
    from: ClockTime,
    until: ClockTime,
    timeZone: Type.String({ minLength: 1, maxLength: 100, description: "IANA name, such as `Europe/Berlin`." }),
  },
  {
    $id: "QuietHours",
    description: "Hours in which nothing is sent. Alerts that are still active when they end are sent then.",
    additionalProperties: false,
  },
);

const fields = {
  name: Type.String({ minLength: 1, maxLength: 256 }),
  kind: Kind,
  targets: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
    maxItems: 20,
    description:
      "Ids or uids of operational webhook endpoints, of any kind of destination. Without one, alerts are only listed.",
  }),
};
const settings = {
  params: Type.Optional(ref(AlertParamsModel)),
  quietHours: Type.Optional(nullable(ref(QuietHoursModel))),
  digest: Type.Optional(DigestModel),
  enabled: Type.Optional(Type.Boolean({ description: "True by default." })),
};

export const AlertRuleIn = Type.Object(
  { ...fields, ...settings },
  { $id: "AlertRuleIn", description: "A condition, and whom to notify when it becomes true." },
);

export const AlertRulePatch = Type.Object(
  {
    name: Type.Optional(fields.name),
    kind: Type.Optional(fields.kind),
    targets: Type.Optional(fields.targets),
    ...settings,
  },
  { $id: "AlertRulePatch", description: "Fields to change. Omitted fields stay as they are." },
);

export const AlertRuleOut = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    kind: Kind,
    params: ref(AlertParamsModel),
    targets: Type.Array(Type.String()),
    quietHours: nullable(ref(QuietHoursModel)),
    digest: DigestModel,
    enabled: Type.Boolean(),
    sentAt: nullable(DateTime),
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "AlertRuleOut", description: "A condition, and whom to notify when it becomes true." },
);
export const AlertRuleList = listOf(AlertRuleOut);

export const AlertListOut = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        id: Type.String(),
        ruleId: Type.String(),
        ruleName: Type.String(),
        title: Type.String(),
        text: Type.String(),
        severity: Type.String({ description: "`critical`, `error`, `warning` or `info`." }),
        path: Type.String({ description: "Path of its page in the dashboard." }),
        since: DateTime,
        notifiedAt: nullable(
          Type.String({ format: "date-time", description: "Null: not yet, because of quiet hours or a digest." }),
        ),
        clearedAt: nullable(
          Type.String({ format: "date-time", description: "Since when the condition has no longer been true." }),
        ),
      }),
      { description: "Newest first, at most 250." },
    ),
  },
  { $id: "AlertListOut", description: "Alerts that have not been resolved." },
);

export const ALERT_MODELS: readonly TSchema[] = [
  AlertParamsModel,
  QuietHoursModel,
  AlertRuleIn,
  AlertRulePatch,
  AlertRuleOut,
  AlertRuleList,
  AlertListOut,
];
