/** Models of statistics. */
import { type TSchema, Type } from "typebox";
import { SERIES_STEPS, SUMMARY_STEPS } from "../../domain/stats/query.ts";
import { STORAGE_KINDS } from "../../domain/storage/day.ts";
import { DateTime, nullable, ref } from "./common.ts";

const percentiles = (description: string) =>
  Type.Object(
    {
      count: Type.Integer(),
      p50: nullable(Type.Integer()),
      p95: nullable(Type.Integer()),
      p99: nullable(Type.Integer()),
    },
    { description: `${description} Milliseconds; off by 6 % at most; null when there was none.` },
  );

const countFields = {
  messages: Type.Integer({ description: "Published; of an endpoint: owed to it." }),
  attempts: Type.Object({ ok: Type.Integer(), failed: Type.Integer() }),
  deliveries: Type.Object({
    firstTry: Type.Integer({ description: "Succeeded with the first attempt." }),
    later: Type.Integer({ description: "Succeeded with a later one." }),
    exhausted: Type.Integer({ description: "Failed for good: the schedule was used up, or an answer ended it." }),
    firstTryPercent: nullable(Type.Number({ description: "Of those that ended. Null: none did." })),
    successPercent: nullable(Type.Number()),
  }),
  latency: percentiles("From the event to the answer that ended its delivery well."),
  duration: percentiles("Of attempts, successful or not."),
};

const rangeFields = {
  since: DateTime,
  until: DateTime,
  countedUpTo: Type.String({
    format: "date-time",
    description: "What ended later is not counted yet. Some seconds ago at most, but for an attempt that takes longer.",
  }),
};

export const StatsSummaryOut = Type.Object(
  { ...rangeFields, ...countFields },
  {
    $id: "StatsSummaryOut",
    description: "Sums over whole hours or minutes. Attempts and ends count in that of the attempt.",
  },
);

export const StatsSeriesOut = Type.Object(
  {
    ...rangeFields,
    step: Type.Union(SERIES_STEPS.map((step) => Type.Literal(step))),
    points: Type.Array(Type.Object({ at: DateTime, ...countFields })),
  },
  { $id: "StatsSeriesOut", description: "One point for each minute, hour or day (in UTC), those without traffic too." },
);

export const EndpointInTroubleOut = Type.Object(
  {
    endpointId: Type.String(),
    appId: Type.String(),
    appUid: nullable(Type.String()),
    appName: Type.String(),
    url: Type.String(),
    trouble: Type.Union([
      Type.Literal("failing"),
      Type.Literal("paused"),
      Type.Literal("disabled"),
      Type.Literal("unverified"),
    ]),
    failingSince: nullable(DateTime),
    failures: Type.Integer({ description: "Attempts that failed since then." }),
    disabledAt: nullable(
      Type.String({ format: "date-time", description: "When it is switched off if it goes on failing." }),
    ),
    due: Type.Integer({ description: "Deliveries that wait for it." }),
  },
  { $id: "EndpointInTroubleOut" },
);

export const EndingCertificateOut = Type.Object(
  {
    endpointId: Type.String(),
    appId: Type.String(),
    appUid: nullable(Type.String()),
    appName: Type.String(),
    url: Type.String(),
    validTo: DateTime,
  },
  { $id: "EndingCertificateOut", description: "As its receiver showed it with the last answer." },
);

export const StatsNowOut = Type.Object(
  {
    at: DateTime,
    waiting: Type.Object({
      due: Type.Integer({ description: "Deliveries that are due, held ones included." }),
      held: Type.Integer({
        description: "Of endpoints that are off, paused, left alone, or have not proved that they want any.",
      }),
      later: Type.Integer({ description: "Retries, and what was put off." }),
      oldestDueAt: nullable(Type.String({ format: "date-time", description: "Of those that are due and not held." })),
      oldestWaitSeconds: Type.Integer({ description: "0 when none waits." }),
      exact: Type.Boolean({ description: "False with a million or more: the counts are lower bounds." }),
    }),
    dispatcher: Type.Object({ inFlight: Type.Integer(), lanes: Type.Integer(), queuedBytes: Type.Integer() }),
    endpoints: Type.Object({
      inTrouble: Type.Array(ref(EndpointInTroubleOut), {
        description:
          "Those that fail, longest first, then those that are held while something waits for them; at most 50.",
      }),
      more: Type.Boolean(),
      certificates: Type.Array(ref(EndingCertificateOut), {
        description: "Those whose certificate ends within 30 days or has ended, the first to end first; at most 50.",
      }),
    }),
    sources: Type.Object({
      inactive: Type.Array(Type.Object({ sourceId: Type.String(), name: Type.String(), inactiveSince: DateTime }), {
        description: "Sources that have sent nothing for longer than usual, longest first, at most 50.",
      }),
    }),
  },
  { $id: "StatsNowOut" },
);

export const StatsStorageOut = Type.Object(
  {
    bytes: Type.Integer({ description: "What the database takes." }),
    freeBytes: Type.Integer({ description: "Of it, what was freed and is used next." }),
    disk: nullable(Type.Object({ bytes: Type.Integer(), freeBytes: Type.Integer() })),
    kinds: Type.Array(
      Type.Object({
        kind: Type.Union(STORAGE_KINDS.map((kind) => Type.Literal(kind))),
        stored: Type.Integer({ description: "Rows." }),
        bytes: Type.Integer({ description: "About." }),
        keepDays: Type.Number(),
        bytesADay: Type.Integer({ description: "What comes in, over the last week." }),
        steadyBytes: Type.Integer({ description: "What it comes to when as much is deleted as comes in." }),
      }),
    ),
    bytesADay: Type.Integer(),
    steadyBytes: Type.Integer(),
    fullInDays: nullable(
      Type.Integer({ description: "Null: never as it goes, or the disk cannot be seen from here." }),
    ),
  },
  {
    $id: "StatsStorageOut",
    description: "`failure` are attempts that failed, taken as kept for as long as failures are.",
  },
);

export const StatsRangeQuery = {
  since: Type.Optional(Type.String({ format: "date-time", description: "A day before `until` when left out." })),
  until: Type.Optional(Type.String({ format: "date-time", description: "Now when left out." })),
};

const ofEverything = "`minute`: of everything together, and of the last three hours alone.";

export const StepQuery = {
  step: Type.Optional(Type.Union([Type.Literal("hour"), Type.Literal("day")], { default: "hour" })),
};
export const SeriesStepQuery = {
  step: Type.Optional(
    Type.Union(
      SERIES_STEPS.map((step) => Type.Literal(step)),
      { default: "hour", description: ofEverything },
    ),
  ),
};
export const SummaryStepQuery = {
  step: Type.Optional(
    Type.Union(
      SUMMARY_STEPS.map((step) => Type.Literal(step)),
      { default: "hour", description: `What the bounds are rounded to. ${ofEverything}` },
    ),
  ),
};

const IdQuery = (what: string) => Type.Optional(Type.String({ maxLength: 256, description: `Id or uid of ${what}.` }));
export const OfEndpointQuery = { endpoint_id: IdQuery("an endpoint; the whole application when left out") };
export const OfApplicationQuery = { app_id: IdQuery("an application; all of them when left out"), ...OfEndpointQuery };

export const STATS_MODELS: readonly TSchema[] = [
  StatsSummaryOut,
  StatsSeriesOut,
  EndpointInTroubleOut,
  EndingCertificateOut,
  StatsNowOut,
  StatsStorageOut,
];
