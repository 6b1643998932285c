/** Models of watches: durable conditions on messages. The rules are explained in docs/features/watches.md. */
import { Type } from "typebox";
import type { RuleJson } from "../../conditions/schema.ts";
import { MAX_DRY_RUN, MAX_VALUE_PAGES } from "../../domain/watch/dry-run.ts";
import { WATCH_STATES } from "../../domain/watch/find.ts";
import { DateTime, listOf, literals, Name, nullable, payload, ref, uidWithout } from "./common.ts";

const Duration = Type.String({
  pattern: "^[1-9][0-9]{0,8}[smhdw]$",
  description: "A whole number and a unit: `30s`, `15m`, `2h`, `1d`, `1w`.",
});
const Scalar = { type: ["string", "number", "boolean", "null"] };
const Values = Type.Unsafe<unknown>({ anyOf: [Scalar, { type: "array", items: Scalar }] });
const Difference = Type.Union([Type.Number(), Type.String()], {
  description: "A number, or a percentage such as `5%`.",
});
const Pair = Type.Array(Type.Number(), { minItems: 2, maxItems: 2 });

const BOUNDS = {
  above: Type.Optional(Type.Number()),
  below: Type.Optional(Type.Number()),
  between: Type.Optional(Pair),
  outside: Type.Optional(Pair),
};

const Trend = Type.Object({ by: Difference, within: Duration });
const Aggregate = Type.Object({ over: Duration, ...BOUNDS });
const Nested = Type.Unsafe<object>({ $ref: "WatchCondition#" });

export const WatchCondition = Type.Object(
  {
    ...BOUNDS,
    is: Type.Optional(Values),
    matches: Type.Optional(Type.String({ description: "A regular expression in RE2 syntax." })),
    changed: Type.Optional(
      Type.Union([
        Type.Literal(true),
        Type.Object({ from: Type.Optional(Values), to: Type.Optional(Values), by: Type.Optional(Difference) }),
      ]),
    ),
    rises: Type.Optional(Trend),
    falls: Type.Optional(Trend),
    silent: Type.Optional(Duration),
    filter: Type.Optional(Type.Unsafe<object>({ type: "object", description: "A filter on the message." })),
    count: Type.Optional(Aggregate),
    sum: Type.Optional(Aggregate),
    avg: Type.Optional(Aggregate),
    min: Type.Optional(Aggregate),
    max: Type.Optional(Aggregate),
    all: Type.Optional(Type.Array(Nested)),
    any: Type.Optional(Type.Array(Nested)),
    not: Type.Optional(Nested),
  },
  { $id: "WatchCondition", description: "Has exactly one member.", additionalProperties: true },
);

const Selector = Type.String({
  maxLength: 300,
  description:
    "A JSONPath such as `$.temperature`, or `body`, `status`, `eventType`, `eventId`, `id`, `header:NAME`, `path:N` or `topic:N`.",
});

const RuleModel = Type.Object(
  {
    read: Type.Optional(
      Type.Object({
        items: Type.Optional(
          Type.String({ description: "JSONPath to the items of a message that are each a sample." }),
        ),
        value: Type.Optional(Selector),
        key: Type.Optional(Selector),
        time: Type.Optional(Selector),
      }),
    ),
    when: ref(WatchCondition),
    for: Type.Optional(Duration),
    times: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    until: Type.Optional(ref(WatchCondition)),
    hold: Type.Optional(Duration),
    remind: Type.Optional(Duration),
    expect: Type.Optional(
      Type.Array(Type.String(), { description: "Keys that can be silent before their first sample." }),
    ),
    forget: Type.Optional(Duration),
    maxKeys: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: "Default: 10000." })),
  },
  { $id: "WatchRule", additionalProperties: true },
);
const RuleRef = Type.Unsafe<RuleJson>({ $ref: "WatchRule#" });

const EventTypes = nullable(
  Type.Array(Name, { minItems: 1, maxItems: 100, description: "Event types that are evaluated. Null: all." }),
);
const EmitType = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: "^[a-zA-Z0-9_.-]+$",
  description:
    "Event type of the transitions: `freezer.warm` becomes `freezer.warm.raised`, `.cleared`, `.reminded` or `.changed`.",
});
const Emit = Type.Object({
  type: EmitType,
  app: Type.Optional(
    nullable(Type.String({ description: "Application that receives the events. Default: the one that is watched." })),
  ),
});
const WatchName = Type.String({ minLength: 1, maxLength: 256 });
const WatchUid = nullable(uidWithout("watch_"));

const FIELDS = {
  uid: Type.Optional(WatchUid),
  eventTypes: Type.Optional(EventTypes),
  paused: Type.Optional(Type.Boolean()),
};
export const WatchIn = Type.Object({ name: WatchName, rule: RuleRef, emit: Emit, ...FIELDS }, { $id: "WatchIn" });
export const WatchPatch = Type.Object(
  { name: Type.Optional(WatchName), rule: Type.Optional(RuleRef), emit: Type.Optional(Emit), ...FIELDS },
  { $id: "WatchPatch" },
);

export const WatchOut = Type.Object(
  {
    id: Type.String(),
    uid: nullable(Type.String()),
    name: Type.String(),
    app: Type.Object(
      { id: Type.String(), name: Type.String() },
      { description: "Application or source that is watched." },
    ),
    eventTypes: nullable(Type.Array(Type.String())),
    emit: Type.Object({ type: Type.String(), app: Type.String() }),
    rule: RuleRef,
    version: Type.Integer({ description: "Increases by 1 each time the rule changes." }),
    paused: Type.Boolean(),
    keys: Type.Integer({ description: "Keys with a state." }),
    phases: Type.Object(
      { clear: Type.Integer(), pending: Type.Integer(), raised: Type.Integer(), clearing: Type.Integer() },
      { description: "Keys in each phase." },
    ),
    samples: Type.Integer({ description: "Samples evaluated." }),
    unreadable: Type.Integer({ description: "Samples without a readable value. They do not affect the state." }),
    ignored: Type.Integer({ description: "Samples of new keys above the limits." }),
    overflowSince: nullable(DateTime),
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "WatchOut" },
);

export const WatchKeyName = Type.String({ maxLength: 256, description: "Empty for a watch without `read.key`." });
export const WatchResetIn = Type.Object({ key: WatchKeyName }, { $id: "WatchResetIn" });
export const WatchPhase = literals(["clear", "pending", "raised", "clearing"]);
const KEY = {
  key: Type.String(),
  phase: WatchPhase,
  value: Type.Unknown({ description: "Last value, shortened if it is long." }),
  since: nullable(DateTime),
  raisedAt: nullable(DateTime),
  lastSampleAt: nullable(DateTime),
  transitions: Type.Integer(),
  unreadable: Type.Integer(),
  expected: Type.Boolean(),
  nextTimerAt: nullable(DateTime),
  messageId: nullable(Type.String({ description: "Message with the last sample." })),
};
export const WatchKeyOut = Type.Object(KEY, { $id: "WatchKeyOut" });
const Explained = Type.Object({
  path: Type.String(),
  condition: Type.Unknown(),
  holds: nullable(Type.Boolean()),
  value: Type.Optional(Type.Unknown()),
});
export const WatchKeyDetailOut = Type.Object(
  {
    ...KEY,
    explanation: Type.Object({ text: Type.String(), conditions: Type.Array(Explained) }),
  },
  { $id: "WatchKeyDetailOut" },
);
const Listed = { iterator: nullable(Type.String()), done: Type.Boolean() };
export const WatchKeyList = Type.Object({ data: Type.Array(ref(WatchKeyOut)), ...Listed }, { $id: "WatchKeyList" });

const EventKind = literals(["raised", "cleared", "reminded", "changed", "overflow"]);
export const WatchTransitionOut = Type.Object(
  {
    key: payload("text", Type.String()),
    phase: EventKind,
    number: Type.Integer(),
    version: Type.Integer(),
    at: DateTime,
    messageId: nullable(Type.String({ description: "The message that reports it. Null: it is about to be stored." })),
  },
  { $id: "WatchTransitionOut" },
);
export const WatchTransitionList = Type.Object(
  { data: Type.Array(ref(WatchTransitionOut)), ...Listed },
  { $id: "WatchTransitionList" },
);

export const WatchDryRunIn = Type.Object(
  {
    rule: RuleRef,
    eventTypes: Type.Optional(EventTypes),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_DRY_RUN, default: 500, description: "Newest messages to evaluate." }),
    ),
    since: Type.Optional(nullable(DateTime)),
    valuePage: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_VALUE_PAGES - 1,
        default: 0,
        description: "Page of up to 1000 values to return: 0 has the newest values.",
      }),
    ),
  },
  { $id: "WatchDryRunIn" },
);
export const WatchDryRunOut = Type.Object(
  {
    messages: Type.Integer(),
    samples: Type.Integer(),
    unreadable: Type.Integer(),
    from: nullable(DateTime),
    to: nullable(DateTime),
    partial: Type.Boolean({ description: "It ended early, after 2 seconds or 32 MiB of messages." }),
    transitions: Type.Array(
      Type.Object({
        key: Type.String(),
        phase: EventKind,
        number: Type.Integer(),
        at: DateTime,
        since: nullable(DateTime),
        value: Type.Unknown(),
        messageId: nullable(Type.String()),
      }),
    ),
    values: Type.Array(
      Type.Object({ messageId: Type.String(), timestamp: DateTime, key: Type.String(), value: Type.Unknown() }),
      { description: "Up to 1000 values, oldest first: the newest ones, or those of `valuePage`." },
    ),
    valuePages: Type.Integer({ description: "Pages of values." }),
    keys: Type.Array(Type.Object({ key: Type.String(), phase: WatchPhase, value: Type.Unknown() })),
  },
  { $id: "WatchDryRunOut" },
);

export const WatchList = listOf(WatchOut);

/** Filters of lists of watches. */
export const WatchFilters = {
  state: Type.Optional(
    Type.Union(
      WATCH_STATES.map((state) => Type.Literal(state)),
      {
        description:
          "`raised`: a key is raised or clearing. `pending`: a key is pending, and none is raised. `clear`: all keys are clear. `paused`: the watch is paused; the other states leave paused watches out.",
      },
    ),
  ),
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: "Part of the name, uid or event type; case-insensitive.",
    }),
  ),
};

export const WATCH_MODELS = [
  WatchCondition,
  RuleModel,
  WatchIn,
  WatchPatch,
  WatchOut,
  WatchResetIn,
  WatchKeyOut,
  WatchKeyDetailOut,
  WatchKeyList,
  WatchTransitionOut,
  WatchTransitionList,
  WatchDryRunIn,
  WatchDryRunOut,
  WatchList,
];
