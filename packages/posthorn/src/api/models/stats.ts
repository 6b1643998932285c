/** Models of statistics. */
import { type TSchema, Type } from "typebox";
import { MAX_ENDPOINTS, QUEUES } from "../../domain/application/figures.ts";
import { HEALTHS, MAX_QUEUED } from "../../domain/endpoint/figures.ts";
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
    { description: `${description} In milliseconds, accurate to 6 %; null when there was none.` },
  );

const countFields = {
  messages: Type.Integer({ description: "Messages published; for an endpoint, messages matched." }),
  attempts: Type.Object({ ok: Type.Integer(), failed: Type.Integer() }),
  deliveries: Type.Object({
    firstTry: Type.Integer({ description: "Succeeded on the first attempt." }),
    later: Type.Integer({ description: "Succeeded on a later attempt." }),
    exhausted: Type.Integer({ description: "Failed: retries exhausted, or ended by a response." }),
    firstTryPercent: nullable(
      Type.Number({ description: "Share of the finished deliveries. Null: none has finished." }),
    ),
    successPercent: nullable(Type.Number()),
  }),
  latency: percentiles("From the event to the response that completed its delivery."),
  duration: percentiles("Duration of attempts, successful or not."),
};

const rangeFields = {
  since: DateTime,
  until: DateTime,
  countedUpTo: Type.String({
    format: "date-time",
    description:
      "Deliveries that finished later are not included yet. Usually a few seconds ago; longer during a long attempt.",
  }),
};

export const StatsSummaryOut = Type.Object(
  { ...rangeFields, ...countFields },
  {
    $id: "StatsSummaryOut",
    description: "Totals over whole hours or minutes. Attempts and results count at the time of the attempt.",
  },
);

export const StatsSeriesOut = Type.Object(
  {
    ...rangeFields,
    step: Type.Union(SERIES_STEPS.map((step) => Type.Literal(step))),
    points: Type.Array(Type.Object({ at: DateTime, ...countFields })),
  },
  {
    $id: "StatsSeriesOut",
    description: "One point for each minute, hour or day (UTC), including those without traffic.",
  },
);

export const EndpointNeedingAttentionOut = Type.Object(
  {
    endpointId: Type.String(),
    appId: Type.String(),
    appUid: nullable(Type.String()),
    appName: Type.String(),
    url: Type.String(),
    problem: Type.Union([
      Type.Literal("failing"),
      Type.Literal("paused"),
      Type.Literal("disabled"),
      Type.Literal("unverified"),
      Type.Literal("unavailable"),
      Type.Literal("degraded"),
    ]),
    level: Type.Union([Type.Literal("down"), Type.Literal("degraded"), Type.Literal("notice")], {
      description:
        "By the section `attention` of its policy. `down`: nothing is delivered. `degraded`: less than usual. `notice`: it failed just now, and the next retry may succeed.",
    }),
    successPercent: nullable(
      Type.Number({
        description: "Success rate of attempts since the start of the previous hour. Null: it is not degraded.",
      }),
    ),
    failingSince: nullable(DateTime),
    failures: Type.Integer({ description: "Failed attempts since then." }),
    disabledAt: nullable(
      Type.String({ format: "date-time", description: "When the endpoint will be disabled if it keeps failing." }),
    ),
    due: Type.Integer({ description: "Deliveries queued for it." }),
  },
  { $id: "EndpointNeedingAttentionOut" },
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
  { $id: "EndingCertificateOut", description: "Certificate that the receiver presented in the last response." },
);

export const StatsNowOut = Type.Object(
  {
    at: DateTime,
    waiting: Type.Object({
      due: Type.Integer({ description: "Deliveries that are due, including those on hold." }),
      held: Type.Integer({
        description: "Deliveries of endpoints that are disabled, paused or not verified, or whose circuit is open.",
      }),
      later: Type.Integer({ description: "Retries and deferred deliveries." }),
      oldestDueAt: nullable(
        Type.String({
          format: "date-time",
          description: "Due time of the oldest delivery that is due and not on hold.",
        }),
      ),
      oldestWaitSeconds: Type.Integer({ description: "0 when the queue is empty." }),
      exact: Type.Boolean({
        description:
          "False with more than a million deliveries, or more than 5,000 endpoints that have some: the counts are lower bounds.",
      }),
    }),
    dispatcher: Type.Object({ inFlight: Type.Integer(), lanes: Type.Integer(), queuedBytes: Type.Integer() }),
    endpoints: Type.Object({
      needingAttention: Type.Array(ref(EndpointNeedingAttentionOut), {
        description:
          "Failing endpoints, longest first, then endpoints with deliveries on hold and degraded ones; at most 50.",
      }),
      more: Type.Boolean(),
      certificates: Type.Array(ref(EndingCertificateOut), {
        description:
          "Endpoints with a certificate that has expired or expires within 30 days, earliest first; at most 50.",
      }),
    }),
    sources: Type.Object({
      inactive: Type.Array(Type.Object({ sourceId: Type.String(), name: Type.String(), inactiveSince: DateTime }), {
        description: "Sources without events for longer than usual, longest first; at most 50.",
      }),
    }),
  },
  { $id: "StatsNowOut" },
);

export const StatsStorageOut = Type.Object(
  {
    bytes: Type.Integer({ description: "Disk space used by the database." }),
    freeBytes: Type.Integer({ description: "The part of it that is free and will be reused." }),
    disk: nullable(Type.Object({ bytes: Type.Integer(), freeBytes: Type.Integer() })),
    kinds: Type.Array(
      Type.Object({
        kind: Type.Union(STORAGE_KINDS.map((kind) => Type.Literal(kind))),
        stored: Type.Integer({ description: "Rows." }),
        bytes: Type.Integer({ description: "About." }),
        keepDays: Type.Number(),
        bytesADay: Type.Integer({ description: "Growth over the last week." }),
        steadyBytes: Type.Integer({ description: "Size at which deletion keeps up with growth." }),
      }),
    ),
    bytesADay: Type.Integer(),
    steadyBytes: Type.Integer(),
    fullInDays: nullable(
      Type.Integer({ description: "Null: the disk does not fill up at the current rate, or its size is unknown." }),
    ),
  },
  {
    $id: "StatsStorageOut",
    description: "`failure` counts failed attempts, estimated with the retention period of failures.",
  },
);

export const ApplicationFiguresOut = Type.Object(
  {
    id: Type.String({ description: "ID of the application or source." }),
    endpoints: Type.Integer({ description: `Endpoints, counted up to ${MAX_ENDPOINTS}.` }),
    failing: Type.Integer({ description: "How many of these have had no success since their last failure." }),
    health: Type.Union(
      HEALTHS.map((health) => Type.Literal(health)),
      {
        description:
          "`failing`: some endpoint is failing. `degraded`: the success rate of the last 24 hours is below `attention.successPercent` of the policy. `idle`: there were no attempts.",
      },
    ),
    successRate: nullable(
      Type.Number({ description: "Share of the attempts of the last 24 hours that succeeded; null without attempts." }),
    ),
    hours: Type.Array(Type.Object({ succeeded: Type.Integer(), failed: Type.Integer() }), {
      description: "Attempts by hour, of the last 24 hours. The current hour is the last one.",
    }),
    requests: nullable(
      Type.Array(Type.Object({ accepted: Type.Integer(), quarantined: Type.Integer() }), {
        description: "Requests to a source by hour, of the same hours. Null for an application.",
      }),
    ),
    lastEventAt: nullable(
      Type.String({ format: "date-time", description: "When the newest message was published or received." }),
    ),
    queued: Type.Integer({
      description: `Deliveries that are not finished, counted up to ${MAX_QUEUED}, of the ${QUEUES} newest endpoints.`,
    }),
  },
  { $id: "ApplicationFiguresOut", description: "Recent figures of an application or source." },
);

export const ApplicationFiguresListOut = Type.Object(
  { data: Type.Array(ref(ApplicationFiguresOut)) },
  { $id: "ApplicationFiguresListOut" },
);

export const StatsRangeQuery = {
  since: Type.Optional(Type.String({ format: "date-time", description: "One day before `until` by default." })),
  until: Type.Optional(Type.String({ format: "date-time", description: "Now by default." })),
};

const ofEverything = "`minute`: only for all traffic together, and only for the last three hours.";

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
      { default: "hour", description: `What the limits are rounded to. ${ofEverything}` },
    ),
  ),
};

const IdQuery = (what: string) => Type.Optional(Type.String({ maxLength: 256, description: `Id or uid of ${what}.` }));
export const OfEndpointQuery = { endpoint_id: IdQuery("an endpoint; the whole application if omitted") };
export const OfApplicationQuery = { app_id: IdQuery("an application; all of them if omitted"), ...OfEndpointQuery };

export const STATS_MODELS: readonly TSchema[] = [
  StatsSummaryOut,
  StatsSeriesOut,
  EndpointNeedingAttentionOut,
  EndingCertificateOut,
  StatsNowOut,
  StatsStorageOut,
  ApplicationFiguresOut,
  ApplicationFiguresListOut,
];
