/** What is learned from the traffic of a source: event types with their schemas, its rhythm, and reconciliation with the provider. */
import { Type } from "typebox";
import { CHANGE_KINDS } from "../../catalogue/schema-change.ts";
import { RECONCILE_PROVIDERS } from "../../backfill/types.ts";
import { SCALES } from "../../activity/profile.ts";
import { DateTime, listOf, nullable, ref } from "./common.ts";

const literals = <const Name extends string>(names: readonly Name[]) =>
  Type.Union(names.map((name) => Type.Literal(name)));

const summary = {
  eventType: Type.String(),
  received: Type.Integer({ description: "Events that came in." }),
  firstReceivedAt: DateTime,
  lastReceivedAt: DateTime,
  changedAt: nullable(DateTime),
};

export const CatalogueEntryOut = Type.Object(summary, {
  $id: "CatalogueEntryOut",
  description: "An event type that a source has received.",
});

export const CatalogueEntryList = listOf(CatalogueEntryOut);

export const CatalogueChange = Type.Object(
  {
    kind: literals(CHANGE_KINDS),
    path: Type.String({
      description: "Names with dots, `[]` for items, `{}` for entries of a map; empty: the payload.",
    }),
    before: nullable(Type.String({ description: "Its types before; `null`: it was not there." })),
    after: nullable(Type.String({ description: "Its types since; `null`: it is gone." })),
    breaking: Type.Boolean({ description: "Whether code that was written for what was known can break." }),
    firstSeenAt: DateTime,
    lastSeenAt: DateTime,
  },
  { $id: "CatalogueChange" },
);

export const CatalogueEntryDetailOut = Type.Object(
  {
    ...summary,
    samples: Type.Integer({ description: "Payloads that were looked at." }),
    schema: nullable(Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema, 2020-12." })),
    changes: Type.Array(ref(CatalogueChange), { description: "Latest first." }),
  },
  { $id: "CatalogueEntryDetailOut" },
);

export const CatalogueExportOut = Type.Object(
  {
    schemas: Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema (2020-12) by event type." }),
    typescript: Type.String({ description: "The text of a module with a type for each event type, and a map of all." }),
  },
  { $id: "CatalogueExportOut" },
);

const rule = {
  mode: Type.Union([Type.Literal("learned"), Type.Literal("fixed"), Type.Literal("off")], {
    description: "By its own rhythm, after a fixed time, or not at all.",
  }),
  quietSeconds: Type.Optional(
    nullable(
      Type.Integer({ minimum: 60, maximum: 31_536_000, description: "Of the mode `fixed`: silent after this time." }),
    ),
  ),
};

export const SourceRhythmIn = Type.Object(rule, { $id: "SourceRhythmIn" });

export const SourceRhythmOut = Type.Object(
  {
    ...rule,
    state: Type.Union(["off", "learning", "heard", "silent"].map((state) => Type.Literal(state))),
    lastReceivedAt: nullable(DateTime),
    silentAt: nullable(Type.String({ format: "date-time", description: "When it counts as silent if nothing comes." })),
    silentSince: nullable(DateTime),
    scale: nullable(literals(SCALES)),
    week: Type.Array(Type.Number(), {
      description:
        "Events to be expected in each hour of a week, from Monday at midnight in UTC; empty until they are known.",
    }),
  },
  { $id: "SourceRhythmOut" },
);

const ApiUrl = Type.String({ minLength: 1, maxLength: 2048 });
const EveryMinutes = nullable(
  Type.Integer({ minimum: 5, maximum: 43_200, description: "How often it runs by itself; `null`: when it is asked." }),
);

const GitHubTarget = Type.Object({
  provider: Type.Literal("github"),
  owner: Type.String({
    pattern: "^[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100})?$",
    description: "`owner/repository`, or an organisation.",
  }),
  hookId: Type.Integer({ minimum: 1 }),
  mode: Type.Optional(
    Type.Union([Type.Literal("redeliver"), Type.Literal("fetch")], {
      description: "Let GitHub send again what was missed, or read it from the API.",
    }),
  ),
  apiUrl: Type.Optional(ApiUrl),
  everyMinutes: Type.Optional(EveryMinutes),
});

const StripeTarget = Type.Object({
  provider: Type.Literal("stripe"),
  account: Type.Optional(nullable(Type.String({ pattern: "^acct_[A-Za-z0-9]{1,64}$" }))),
  eventTypes: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 20 })),
  apiUrl: Type.Optional(ApiUrl),
  everyMinutes: Type.Optional(EveryMinutes),
});

const Token = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 512,
    description: "For the provider's API. Never shown again; kept when left out.",
  }),
);

export const ReconciliationIn = Type.Union(
  [
    Type.Intersect([GitHubTarget, Type.Object({ token: Token })]),
    Type.Intersect([StripeTarget, Type.Object({ token: Token })]),
  ],
  { $id: "ReconciliationIn" },
);

export const ReconciliationOut = Type.Object(
  {
    provider: literals(RECONCILE_PROVIDERS),
    settings: Type.Record(Type.String(), Type.Unknown()),
    everyMinutes: EveryMinutes,
    nextAt: nullable(DateTime),
    reconciledUntil: nullable(DateTime),
    updatedAt: DateTime,
  },
  { $id: "ReconciliationOut" },
);

export const ReconcileRunIn = Type.Object(
  {
    since: Type.Optional(nullable(DateTime)),
    until: Type.Optional(nullable(DateTime)),
    dryRun: Type.Optional(Type.Boolean({ description: "Only count what was missed." })),
  },
  { $id: "ReconcileRunIn" },
);

export const ReconcileRunOut = Type.Object(
  {
    id: Type.String(),
    state: Type.String(),
    dryRun: Type.Boolean(),
    since: DateTime,
    until: DateTime,
    scanned: Type.Integer({ description: "Events that the provider named." }),
    missing: Type.Integer({ description: "Of these, what was not here." }),
    fetched: Type.Integer({ description: "Of these, what was taken in." }),
    redelivered: Type.Integer({ description: "Of these, what the provider was asked to send again." }),
    already: Type.Integer({ description: "Came in while it was asked for." }),
    trouble: nullable(Type.String({ description: "What it waits for, or why it failed." })),
    examples: Type.Array(Type.Object({ deliveryId: Type.String(), eventType: Type.String(), occurredAt: DateTime })),
    createdAt: DateTime,
    updatedAt: DateTime,
    endedAt: nullable(DateTime),
  },
  { $id: "ReconcileRunOut" },
);

export const ReconcileRunList = listOf(ReconcileRunOut);

export const SOURCE_WATCH_MODELS = [
  CatalogueEntryOut,
  CatalogueEntryList,
  CatalogueChange,
  CatalogueEntryDetailOut,
  CatalogueExportOut,
  SourceRhythmIn,
  SourceRhythmOut,
  ReconciliationIn,
  ReconciliationOut,
  ReconcileRunIn,
  ReconcileRunOut,
  ReconcileRunList,
];
