/** Models of replays, and of what is deleted or ended for good. */
import { type TSchema, Type } from "typebox";
import { STATUS } from "../../domain/delivery/delivery.ts";
import { TASK_STATES } from "../../domain/task/task.ts";
import { ChannelName, DateTime, listOf, Name, nullable, ref, Secret, StringMap, TagName, Uid, Url } from "./common.ts";
import { ApplicationTokenExpireIn } from "./auth.ts";
import { ExpungeAllContentsOut, TaskKindModel } from "./task.ts";

const StatusWord = Type.Union(Object.keys(STATUS).map((name) => Type.Literal(name as keyof typeof STATUS)));
const CodeClass = Type.Union([0, 100, 200, 300, 400, 500].map((code) => Type.Literal(code)));
const EndpointRef = Type.String({ minLength: 1, maxLength: 256, description: "Id or uid." });

export const ReplayTargetIn = Type.Object(
  {
    endpoint: Type.Optional(EndpointRef),
    url: Type.Optional(Url),
    secret: Type.Optional(Secret),
    signAs: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: "Sign as this endpoint of the application does now." }),
    ),
    headers: Type.Optional(StringMap),
  },
  {
    $id: "ReplayTargetIn",
    description:
      "Either `endpoint`, another one of the same application, or `url`, which gets one attempt for each message. " +
      "`secret`, `signAs` and `headers` go with `url`; without a secret one is made (GET the secret of the endpoint that the replay names).",
  },
);

const filterFields = {
  since: Type.String({ format: "date-time", description: "Of publishing." }),
  until: Type.Optional(nullable(Type.String({ format: "date-time", description: "Now when left out." }))),
  eventTypes: Type.Optional(nullable(Type.Array(Name, { minItems: 1, maxItems: 250 }))),
  channels: Type.Optional(
    nullable(Type.Array(ChannelName, { minItems: 1, maxItems: 10, description: "Messages with one of these." })),
  ),
  tags: Type.Optional(
    nullable(Type.Array(TagName, { minItems: 1, maxItems: 10, description: "Messages with one of these." })),
  ),
  statuses: Type.Optional(
    nullable(Type.Array(StatusWord, { minItems: 1, maxItems: 5, description: "Where the delivery stands." })),
  ),
  statusCodeClasses: Type.Optional(
    nullable(
      Type.Array(CodeClass, {
        minItems: 1,
        maxItems: 6,
        description: "Class of the status code that the last attempt got; 0 is no answer.",
      }),
    ),
  ),
  endpoints: Type.Optional(
    nullable(
      Type.Array(EndpointRef, {
        minItems: 1,
        maxItems: 100,
        description: "Deliveries of these alone; of all when left out.",
      }),
    ),
  ),
  target: Type.Optional(nullable(ref(ReplayTargetIn))),
  order: Type.Optional(
    Type.Union([Type.Literal("oldest"), Type.Literal("newest")], {
      default: "oldest",
      description: "Which comes first.",
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
          description:
            "Deliveries made due a second, over all endpoints. As fast as the endpoints take them when left out.",
        }),
      ),
    ),
    reason: Type.Optional(Type.String({ maxLength: 1024, description: "For whoever reads the list of replays." })),
  },
  { $id: "ReplayJobIn", description: "What is to be sent again, where to, and how fast." },
);

const countFields = {
  scanned: Type.Integer({ description: "Deliveries, or messages, looked at." }),
  matched: Type.Integer(),
  skipped: Type.Object({
    payloadGone: Type.Integer({ description: "Matched, but expired or expunged: there is nothing to send." }),
    alreadyDue: Type.Integer({ description: "Matched, but its sending is under way anyway." }),
  }),
};

export const ReplayPlanOut = Type.Object(
  {
    toSend: Type.Integer(),
    exact: Type.Boolean({ description: "False when counting ended before the end: the counts are lower bounds." }),
    endpoints: Type.Array(
      Type.Object({
        endpointId: nullable(Type.String({ description: "Null for a URL." })),
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
  askedBy: Type.String({ description: "The key, the organisation, or the application with the session of its token." }),
  reason: Type.String(),
  createdAt: DateTime,
  updatedAt: DateTime,
  endedAt: nullable(DateTime),
  error: nullable(Type.String({ description: "Why it failed." })),
  parameters: Type.Object({
    since: DateTime,
    until: DateTime,
    eventTypes: nullable(Type.Array(Type.String())),
    channels: nullable(Type.Array(Type.String())),
    tags: nullable(Type.Array(Type.String())),
    statuses: nullable(Type.Array(StatusWord)),
    statusCodeClasses: nullable(Type.Array(CodeClass)),
    endpoints: nullable(Type.Array(Type.String(), { description: "Ids." })),
    target: nullable(
      Type.Object({
        endpointId: Type.String({ description: "Attempts are listed under it." }),
        url: nullable(Type.String()),
      }),
    ),
    order: Type.String(),
    ratePerSecond: nullable(Type.Integer()),
  }),
  progress: Type.Object({
    ...countFields,
    sent: Type.Integer({ description: "Deliveries made due so far." }),
    percent: Type.Integer({ description: "Share of the window that was looked at." }),
    secondsLeft: nullable(Type.Integer({ description: "If it goes on as it did." })),
    waiting: Type.Boolean({
      description: "Every endpoint has enough that is due, or is off: it goes on when one takes it.",
    }),
  }),
};

export const ReplayJobOut = Type.Object(jobFields, {
  $id: "ReplayJobOut",
  description: "A replay and how far it got.",
});
export const ReplayJobList = listOf(ReplayJobOut);

export const ApplicationReplayOut = Type.Object(
  { ...jobFields, appId: Type.String(), appName: Type.String() },
  { $id: "ApplicationReplayOut", description: "A replay, how far it got, and whose it is." },
);
export const ApplicationReplayList = listOf(ApplicationReplayOut);

export const ReplayJobDetailOut = Type.Object(
  {
    ...jobFields,
    endpoints: Type.Array(
      Type.Object({
        endpointId: Type.String(),
        ...countFields,
        sent: Type.Integer(),
        done: Type.Boolean(),
        endpointGone: Type.Boolean({ description: "It was deleted before the end." }),
      }),
      { description: "Progress at each endpoint, 250 at most." },
    ),
  },
  { $id: "ReplayJobDetailOut", description: "A replay and how far it got, at each endpoint." },
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
  { $id: "BulkReplayIn", description: "Deliveries of the endpoint that fit all of these are sent again, by hand." },
);

export const BulkExpungeContentsIn = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(Uid, { maxItems: 1000, uniqueItems: true, description: "Ids or event ids of messages." }),
    ),
  },
  { $id: "BulkExpungeContentsIn" },
);

export const BulkExpungeContentsOut = Type.Object(
  {
    results: Type.Record(Type.String(), Type.Union([Type.Literal("expunged"), Type.Literal("not-found")]), {
      description: "By what was given.",
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
