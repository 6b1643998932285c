/** Models of replays, expunging and cancellation. */
import { type TSchema, Type } from "typebox";
import { STATUS } from "../../domain/delivery/delivery.ts";
import { TASK_STATES } from "../../domain/task/task.ts";
import { ChannelName, DateTime, listOf, Name, nullable, ref, Secret, StringMap, TagName, Url } from "./common.ts";
import { ApplicationTokenExpireIn } from "./auth.ts";
import { ExpungeAllContentsOut, TaskKindModel } from "./task.ts";

export const StatusWord = Type.Union(Object.keys(STATUS).map((name) => Type.Literal(name as keyof typeof STATUS)));
const CodeClass = Type.Union([0, 100, 200, 300, 400, 500].map((code) => Type.Literal(code)));
const EndpointRef = Type.String({ minLength: 1, maxLength: 256, description: "Id or uid." });

export const ReplayTargetIn = Type.Object(
  {
    endpoint: Type.Optional(EndpointRef),
    url: Type.Optional(Url),
    secret: Type.Optional(Secret),
    signAs: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "Sign with the secret of this endpoint of the application.",
      }),
    ),
    headers: Type.Optional(StringMap),
  },
  {
    $id: "ReplayTargetIn",
    description:
      "Either `endpoint`, another endpoint of the application, or `url`, which gets one attempt for each message. `secret`, `signAs` and `headers` require `url`. Without a secret, one is generated: get the secret of the endpoint that the replay names.",
  },
);

/** Messages that a replay names. */
export const ReplayMessages = Type.Optional(
  nullable(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      minItems: 1,
      maxItems: 250,
      description: "Ids of messages: only these, if they match the other conditions.",
    }),
  ),
);

const filterFields = {
  since: Type.String({ format: "date-time", description: "Time of publishing." }),
  until: Type.Optional(nullable(Type.String({ format: "date-time", description: "Now by default." }))),
  eventTypes: Type.Optional(nullable(Type.Array(Name, { minItems: 1, maxItems: 250 }))),
  channels: Type.Optional(
    nullable(
      Type.Array(ChannelName, { minItems: 1, maxItems: 10, description: "Only messages with one of these channels." }),
    ),
  ),
  tags: Type.Optional(
    nullable(Type.Array(TagName, { minItems: 1, maxItems: 10, description: "Only messages with one of these tags." })),
  ),
  statuses: Type.Optional(
    nullable(Type.Array(StatusWord, { minItems: 1, maxItems: 5, description: "State of the delivery." })),
  ),
  statusCodeClasses: Type.Optional(
    nullable(
      Type.Array(CodeClass, {
        minItems: 1,
        maxItems: 6,
        description: "Class of the last attempt's status code; 0: there was no response.",
      }),
    ),
  ),
  endpoints: Type.Optional(
    nullable(
      Type.Array(EndpointRef, {
        minItems: 1,
        maxItems: 100,
        description: "Only deliveries of these endpoints; by default of all.",
      }),
    ),
  ),
  messages: ReplayMessages,
  target: Type.Optional(nullable(ref(ReplayTargetIn))),
  order: Type.Optional(
    Type.Union([Type.Literal("oldest"), Type.Literal("newest")], {
      default: "oldest",
      description: "Which messages are sent first.",
    }),
  ),
};

export const ReplayPlanIn = Type.Object(filterFields, { $id: "ReplayPlanIn" });

export const ReplayJobIn = Type.Object(
  {
    ...filterFields,
    ratePerSecond: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: 10_000,
          description: "Deliveries per second over all endpoints; by default as fast as the endpoints accept them.",
        }),
      ),
    ),
    reason: Type.Optional(Type.String({ maxLength: 1024, description: "Note that is shown in the list of replays." })),
  },
  { $id: "ReplayJobIn", description: "Which messages to replay, the target, and the rate." },
);

const skippedFields = {
  payloadGone: Type.Integer({
    description: "Matching messages that cannot be sent, because their payload has expired or was deleted.",
  }),
  alreadyDue: Type.Integer({ description: "Matching deliveries that are already in progress." }),
};

/** Reasons for which messages are left out, before a replay and of a whole replay. */
export const allSkippedFields = {
  ...skippedFields,
  otherStatus: Type.Object(
    {
      success: Type.Integer({ description: "Delivered." }),
      pending: Type.Integer({ description: "Waiting for their first attempt." }),
      fail: Type.Integer({ description: "Failed: all retries were used." }),
      sending: Type.Integer({ description: "Waiting for a retry." }),
      canceled: Type.Integer({ description: "Canceled." }),
    },
    { description: "Deliveries that match the rest of the filter and are left out because of their status." },
  ),
};

const scannedFields = {
  scanned: Type.Integer({ description: "Number of deliveries or messages examined." }),
  matched: Type.Integer(),
};

export const countFields = { ...scannedFields, skipped: Type.Object(allSkippedFields) };
const partFields = { ...scannedFields, skipped: Type.Object(skippedFields) };

export const ReplayPlanOut = Type.Object(
  {
    toSend: Type.Integer(),
    exact: Type.Boolean({ description: "False when counting stopped early and the counts are lower bounds." }),
    endpoints: Type.Array(
      Type.Object({
        endpointId: nullable(Type.String({ description: "Null for a URL." })),
        url: Type.String({ description: "URL of the endpoint, or the URL of the target." }),
        ...countFields,
        toSend: Type.Integer(),
        exact: Type.Boolean(),
      }),
    ),
  },
  { $id: "ReplayPlanOut", description: "What a replay would send. Nothing was sent." },
);

const State = Type.Union(TASK_STATES.map((state) => Type.Literal(state)));

const jobFields = {
  id: Type.String(),
  task: TaskKindModel,
  status: State,
  requestedBy: Type.String({
    description: "The user, the API key, the organisation, or the application with the session of its token.",
  }),
  requestedByName: nullable(
    Type.String({
      description: "Name of the user or the API key. Null for others, and for callers with an application token.",
    }),
  ),
  reason: Type.String(),
  createdAt: DateTime,
  updatedAt: DateTime,
  endedAt: nullable(DateTime),
  error: nullable(Type.String({ description: "Why the replay failed." })),
  parameters: Type.Object({
    apps: nullable(
      Type.Array(Type.String(), { description: "Ids of applications; null: all, or the one of the path." }),
    ),
    hosts: nullable(Type.Array(Type.String(), { description: "Hosts of endpoints." })),
    causes: nullable(Type.Array(Type.String(), { description: "Causes of failed attempts." })),
    incident: nullable(Type.String({ description: "Id of the incident whose failures are replayed." })),
    since: DateTime,
    until: DateTime,
    eventTypes: nullable(Type.Array(Type.String())),
    channels: nullable(Type.Array(Type.String())),
    tags: nullable(Type.Array(Type.String())),
    statuses: nullable(Type.Array(StatusWord)),
    statusCodeClasses: nullable(Type.Array(CodeClass)),
    endpoints: nullable(Type.Array(Type.String(), { description: "Ids." })),
    messages: nullable(Type.Array(Type.String(), { description: "Ids." })),
    target: nullable(
      Type.Object({
        endpointId: Type.String({ description: "Id under which the attempts are listed." }),
        url: nullable(Type.String()),
      }),
    ),
    order: Type.String(),
    ratePerSecond: nullable(Type.Integer()),
  }),
  progress: Type.Object({
    ...countFields,
    sent: Type.Integer({ description: "Deliveries queued so far." }),
    percent: Type.Integer({ description: "Share of the time window that was processed." }),
    secondsLeft: nullable(Type.Integer({ description: "Estimate at the current rate." })),
    waiting: Type.Boolean({
      description:
        "Whether the replay is waiting for its endpoints: they have enough queued deliveries or are disabled. It continues when one of them accepts more.",
    }),
  }),
};

export const ReplayJobOut = Type.Object(jobFields, {
  $id: "ReplayJobOut",
  description: "A replay and its progress.",
});
export const ReplayJobList = listOf(ReplayJobOut);

export const ApplicationReplayOut = Type.Object(
  {
    ...jobFields,
    appId: nullable(Type.String({ description: "Null for a replay across applications." })),
    appName: Type.String({ description: "Empty for a replay across applications." }),
  },
  { $id: "ApplicationReplayOut", description: "A replay, its progress, and its application." },
);
export const ApplicationReplayList = listOf(ApplicationReplayOut);

export const ReplayJobDetailOut = Type.Object(
  {
    ...jobFields,
    endpoints: Type.Array(
      Type.Object({
        endpointId: Type.String(),
        appId: Type.String({ description: "ID of its application or source." }),
        appName: Type.String(),
        url: Type.String({ description: "URL of the endpoint." }),
        ...partFields,
        sent: Type.Integer(),
        done: Type.Boolean(),
        endpointGone: Type.Boolean({ description: "Whether the endpoint was deleted before the end." }),
      }),
      { description: "Progress of each endpoint, at most 250." },
    ),
  },
  { $id: "ReplayJobDetailOut", description: "A replay and its progress at each endpoint." },
);

export const BulkReplayIn = Type.Object(
  {
    since: DateTime,
    until: Type.Optional(nullable(DateTime)),
    eventTypes: Type.Optional(nullable(Type.Array(Name, { maxItems: 250 }))),
    channel: Type.Optional(nullable(ChannelName)),
    tag: Type.Optional(nullable(TagName)),
    status: Type.Optional(nullable(Type.Integer({ enum: [0, 1, 2, 3, 4] }))),
    statusCodeClass: Type.Optional(nullable(Type.Integer({ enum: [0, 100, 200, 300, 400, 500] }))),
  },
  {
    $id: "BulkReplayIn",
    description:
      "Deliveries of the endpoint that match all of these conditions are sent again, with one manual attempt each.",
  },
);

export const BulkExpungeContentsIn = Type.Object(
  {
    ids: Type.Optional(
      // Senders and brokers choose the event IDs of sources.
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        maxItems: 1000,
        uniqueItems: true,
        description: "Ids or eventIds of messages.",
      }),
    ),
  },
  { $id: "BulkExpungeContentsIn" },
);

export const BulkExpungeContentsOut = Type.Object(
  {
    results: Type.Record(Type.String(), Type.Union([Type.Literal("expunged"), Type.Literal("not-found")]), {
      description: "Which messages to select.",
    }),
  },
  { $id: "BulkExpungeContentsOut" },
);

export const REPLAY_MODELS: readonly TSchema[] = [
  ReplayTargetIn,
  ReplayPlanIn,
  ReplayPlanOut,
  ReplayJobIn,
  ReplayJobOut,
  ReplayJobDetailOut,
  ReplayJobList,
  ApplicationReplayOut,
  ApplicationReplayList,
  BulkReplayIn,
  BulkExpungeContentsIn,
  BulkExpungeContentsOut,
  ExpungeAllContentsOut,
  ApplicationTokenExpireIn,
];
