/** Backfill: fetching missed events from the API of a provider. */
import { Type } from "typebox";
import { BACKFILL_PROVIDERS } from "../../backfill/types.ts";
import { DateTime, listOf, literals, nullable, payload } from "./common.ts";

const ApiUrl = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: "Base URL of the provider's API. Set it for GitHub Enterprise or for tests.",
});
const EveryMinutes = nullable(
  Type.Integer({
    minimum: 5,
    maximum: 43_200,
    description: "Minutes between automatic runs. `null`: runs only when you start one.",
  }),
);

const GitHubTarget = Type.Object({
  provider: Type.Literal("github"),
  owner: Type.String({
    pattern: "^[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100})?$",
    description: "`owner/repository`, or the name of an organisation.",
  }),
  hookId: Type.Integer({ minimum: 1, description: "ID of the webhook at GitHub." }),
  mode: Type.Optional(
    Type.Union([Type.Literal("redeliver"), Type.Literal("fetch")], {
      description:
        "`redeliver`: GitHub sends missed events again, with their signatures. `fetch`: Posthorn reads them from the API.",
    }),
  ),
  apiUrl: Type.Optional(ApiUrl),
  everyMinutes: Type.Optional(EveryMinutes),
});

const StripeTarget = Type.Object({
  provider: Type.Literal("stripe"),
  account: Type.Optional(
    nullable(
      Type.String({
        pattern: "^acct_[A-Za-z0-9]{1,64}$",
        description: "Connected account to read events of. `null`: the account of the API key.",
      }),
    ),
  ),
  eventTypes: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      maxItems: 20,
      description: "Event types to fetch. Empty: all.",
    }),
  ),
  apiUrl: Type.Optional(ApiUrl),
  everyMinutes: Type.Optional(EveryMinutes),
});

const Token = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 512,
    description: "Token for the provider's API. Never returned. If omitted, the stored token is kept.",
  }),
);

export const BackfillSettingsIn = Type.Union(
  [
    Type.Intersect([GitHubTarget, Type.Object({ token: Token })]),
    Type.Intersect([StripeTarget, Type.Object({ token: Token })]),
  ],
  { $id: "BackfillSettingsIn" },
);

export const BackfillSettingsOut = Type.Object(
  {
    provider: literals(BACKFILL_PROVIDERS),
    settings: Type.Record(Type.String(), Type.Unknown()),
    everyMinutes: EveryMinutes,
    nextAt: nullable(Type.String({ format: "date-time", description: "When the next automatic run starts." })),
    backfilledUntil: nullable(
      Type.String({
        format: "date-time",
        description: "Events before this time have been compared with the provider.",
      }),
    ),
    updatedAt: DateTime,
  },
  { $id: "BackfillSettingsOut" },
);

export const BackfillRunIn = Type.Object(
  {
    since: Type.Optional(nullable(DateTime)),
    until: Type.Optional(nullable(DateTime)),
    dryRun: Type.Optional(Type.Boolean({ description: "Count missed events without fetching them." })),
  },
  { $id: "BackfillRunIn" },
);

export const BackfillRunOut = Type.Object(
  {
    id: Type.String(),
    state: Type.String(),
    dryRun: Type.Boolean(),
    since: DateTime,
    until: DateTime,
    scanned: Type.Integer({ description: "Events listed by the provider." }),
    missing: Type.Integer({ description: "Listed events that this source had not received." }),
    fetched: Type.Integer({ description: "Missing events that were fetched and stored." }),
    redelivered: Type.Integer({ description: "Missing events that the provider was asked to send again." }),
    duplicates: Type.Integer({ description: "Missing events that arrived on their own during the run." }),
    lastError: nullable(
      Type.String({ description: "Why the run failed, or why it is waiting before the next request." }),
    ),
    examples: Type.Array(
      Type.Object({ deliveryId: Type.String(), eventType: payload("name", Type.String()), occurredAt: DateTime }),
      {
        description: "The first 20 missing events.",
      },
    ),
    createdAt: DateTime,
    updatedAt: DateTime,
    endedAt: nullable(DateTime),
  },
  { $id: "BackfillRunOut" },
);

export const BackfillRunList = listOf(BackfillRunOut);

export const BACKFILL_MODELS = [
  BackfillSettingsIn,
  BackfillSettingsOut,
  BackfillRunIn,
  BackfillRunOut,
  BackfillRunList,
];
