/** Source kinds as the API describes them, derived from their declarations, and the state of sources that are read. */
import { type TSchema, Type } from "typebox";
import { SOURCE_KINDS } from "../../sources/kinds.ts";
import { DateTime, Name, nullable } from "./common.ts";
import { configModel, configModelId, KindField } from "./kind-fields.ts";

export const SourceKindOut = Type.Object(
  {
    kind: Type.String({ description: "Name for `kind` of a source." }),
    title: Type.String({ description: "Name of the product or protocol." }),
    summary: Type.String(),
    group: Type.String({
      description: "`http`, `schedule`, `web`, `calendar`, `queue`, `stream`, `storage`, `database` or `mail`.",
    }),
    family: Type.String({
      description:
        "`request`: events arrive as requests. `poll`: Posthorn reads from time to time. `listen`: Posthorn keeps a connection.",
    }),
    fields: Type.Array(KindField),
    events: Type.Array(Type.Object({ type: Type.String(), description: Type.String() }), {
      description: "Types of its events. A name in braces is replaced by that field of the configuration.",
    }),
    repeats: Type.Union([Type.Literal("dropped"), Type.Literal("possible")], {
      description: "Whether an event that is read again is recognised and dropped.",
    }),
    receives: Type.Boolean({
      description: "Whether sources of this kind have an `ingestUrl`: they receive requests or emails.",
    }),
    setup: Type.Array(Type.String(), { description: "Steps in the other product, in order." }),
    available: Type.Boolean({ description: "Whether sources of this kind can be created on this server." }),
    problem: nullable(
      Type.Object(
        {
          code: Type.String({ description: "`kind_not_allowed` or `kind_unavailable`." }),
          message: Type.String({ description: "Why it is not available, and what the operator can do." }),
        },
        { description: "Null: it is available." },
      ),
    ),
  },
  { $id: "SourceKindOut", description: "A kind of source, with the fields of its configuration." },
);

export const SourceKindList = Type.Object(
  { data: Type.Array(Type.Unsafe<object>({ $ref: "SourceKindOut#" })) },
  { $id: "SourceKindList" },
);

const time = (description: string): TSchema => nullable({ ...DateTime, description });

export const SourceStateOut = Type.Object(
  {
    state: Type.String({
      description:
        "`running`: connected, or ready to receive. `waiting`: for the next poll. `failing`: the last read failed, and Posthorn tries again. `paused`: it is not read until it is resumed. `unavailable`: this server cannot read the kind.",
    }),
    error: nullable(
      Type.Object(
        {
          code: Type.String({ description: "Stable code, such as `connection_failed`." }),
          message: Type.String({ description: "What went wrong." }),
          hint: nullable(Type.String({ description: "What to do about it." })),
        },
        { description: "The last failure, until the next success." },
      ),
    ),
    failures: Type.Integer({ description: "Failures since the last success." }),
    failingSince: time("When the first of these failures was."),
    lastSuccessAt: time("When it was last read without a failure."),
    lastFailureAt: time("When reading it last failed."),
    lastEventAt: time("When its last event was stored."),
    events: Type.Integer({ description: "Events stored so far." }),
    nextAt: time("When it is read next. Null: it is connected or paused, or cannot be read."),
  },
  { $id: "SourceStateOut", description: "Whether reading a source works." },
);

export const SourceSampleIn = Type.Object(
  { eventType: Name, payload: Type.Unknown({ description: "JSON. Objects, lists and scalars are all allowed." }) },
  { $id: "SourceSampleIn", description: "An event that is sent to try a source." },
);

export const SourceSampleOut = Type.Object(
  { id: Type.String({ description: "ID of the message." }) },
  { $id: "SourceSampleOut" },
);

export const SourceTestOut = Type.Object(
  {
    event: nullable(Type.String({ description: "Name of the prepared event. Null: there is none of this provider." })),
    status: Type.Integer({ description: "Status of the response to the provider." }),
    accepted: Type.Boolean({ description: "Whether the request was verified and its event stored." }),
  },
  { $id: "SourceTestOut" },
);

export const DueTimesOut = Type.Object(
  { dueTimes: Type.Array(DateTime, { description: "The next due times, at most five." }) },
  { $id: "DueTimesOut", description: "When a schedule fires next." },
);

const TableSourceOut = Type.Object(
  {
    name: Type.String(),
    kind: Type.Literal("table"),
    table: Type.String({ description: "Schema and name, quoted." }),
    on: Type.Array(Type.String(), { description: "Changes that are events: `insert`, `update`, `delete`." }),
    columns: nullable(Type.Array(Type.String(), { description: "Columns in the payload. Null: all." })),
    when: nullable(Type.String({ description: "SQL condition." })),
    type: Type.String({ description: "Event type. `{event}` stands for `created`, `updated` or `deleted`." }),
    payload: nullable(Type.String({ description: "Template of the payload." })),
    app: nullable(Type.String({ description: "Application of all events." })),
    appColumn: nullable(Type.String({ description: "Column with the application of each row." })),
    strict: Type.Boolean({ description: "Whether a change fails if its event cannot be published." }),
    state: Type.String({
      description:
        "`running`: changes are published. `failing`: events were missed within a day, or a trigger is missing. `unavailable`: all triggers are missing.",
    }),
    error: nullable(Type.Object({ code: Type.String(), message: Type.String(), hint: Type.String() })),
    lastMissedAt: time("When an event was last missed. Null: never."),
  },
  { $id: "TableSourceOut", description: "A PostgreSQL table whose changes are published as messages." },
);

export const TableSourceList = Type.Object(
  { data: Type.Array(Type.Unsafe<object>({ $ref: "TableSourceOut#" })) },
  { $id: "TableSourceList" },
);

/** One model for the configuration of each kind. They document `config`; the domain validates it. */
export const SOURCE_KIND_MODELS: readonly TSchema[] = [
  SourceKindOut,
  SourceKindList,
  SourceStateOut,
  TableSourceOut,
  TableSourceList,
  DueTimesOut,
  SourceSampleIn,
  SourceSampleOut,
  SourceTestOut,
  ...Object.entries(SOURCE_KINDS).flatMap(([name, kind]) =>
    Object.keys(kind.fields).length === 0
      ? []
      : [
          configModel(kind, {
            $id: configModelId(name, "SourceConfig"),
            description: `Field \`config\` of sources of the kind \`${name}\` (${kind.title}).`,
          }),
        ],
  ),
];
