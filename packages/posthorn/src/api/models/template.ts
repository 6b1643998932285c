/** Models of templates: working setups for common uses, which are created with a form. */
import { Type } from "typebox";
import { CATEGORIES } from "../../templates/template.ts";
import { literals, nullable, ref } from "./common.ts";
import { EndpointOut } from "./endpoint.ts";
import { KindField } from "./kind-fields.ts";
import { IngestSourceOut } from "./source.ts";
import { WatchOut } from "./watch.ts";

const Category = literals(Object.keys(CATEGORIES) as (keyof typeof CATEGORIES)[]);
const Names = Type.Array(Type.String());
const Rule = Type.Unsafe<object>({ $ref: "WatchRule#" });
const Json = Type.Unsafe<object>({ type: "object", additionalProperties: true });

const Creates = Type.Object(
  {
    source: nullable(
      Type.Object(
        { kind: Type.String(), type: Type.String() },
        { description: "Null: the events are messages that are published to an application." },
      ),
    ),
    eventTypes: Type.Array(Type.Object({ name: Type.String(), description: Type.String() }), {
      description: "Event types that the application needs. Existing ones are used as they are.",
    }),
    watch: nullable(
      Type.Object({
        eventTypes: Names,
        emits: Type.String({ description: "Event type, before `.raised` and the like." }),
      }),
    ),
    endpoint: Type.Object({
      eventTypes: nullable(Names),
      filter: Type.Boolean({ description: "Whether it has a filter." }),
      transformation: Type.Boolean({ description: "Whether it has a transformation." }),
    }),
  },
  { description: "What is created for the defaults of the form." },
);

const Step = Type.Object(
  {
    kind: literals(["publish", "request", "page", "wait"]),
    eventType: Type.Optional(Type.String()),
    payload: Type.Optional(Json),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    body: Type.Optional(Type.Union([Json, Type.String()])),
    contentType: Type.Optional(Type.String()),
    minutes: Type.Optional(Type.Integer()),
  },
  {
    description:
      "`publish`: a message of the application. `request`: a request to the source, without its signature. `page`: the content that the polled URL returns. `wait`: time passes.",
  },
);

export const TemplateOut = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    category: Category,
    categoryTitle: Type.String(),
    summary: Type.String({ description: "What it does." }),
    needs: Type.Array(Type.String(), { description: "What is needed before it is created." }),
    setup: Type.Array(Type.String(), { description: "Steps after it was created, in order." }),
    fields: Type.Array(KindField, { description: "Fields of the form." }),
    needsApplication: Type.Boolean({ description: "Whether `app` is required. Otherwise, it creates a source." }),
    creates: Creates,
    examples: Type.Array(
      Type.Object({
        title: Type.String(),
        steps: Type.Array(Step),
        receives: Type.Array(Type.String(), {
          description: "Event types that the endpoint receives, in order. Empty: it receives nothing.",
        }),
      }),
    ),
    available: Type.Boolean({ description: "Whether it can be created on this server." }),
    problem: nullable(Type.String({ description: "Why it is not available. Null if it is available." })),
  },
  { $id: "TemplateOut", description: "A working setup for a common use." },
);

export const TemplateList = Type.Object({ data: Type.Array(ref(TemplateOut)) }, { $id: "TemplateList" });

export const TemplateIn = Type.Object(
  {
    app: Type.Optional(
      nullable(Type.String({ description: "Application that publishes the events, for templates that need one." })),
    ),
    values: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: "object",
        additionalProperties: { type: ["string", "number", "boolean", "null"] },
        description: "Values of the form. Missing ones have their defaults.",
      }),
    ),
  },
  { $id: "TemplateIn" },
);

const NewEventType = Type.Object({
  name: Type.String(),
  description: Type.String(),
  isNew: Type.Boolean({ description: "False: it existed." }),
});
const Shared = {
  eventTypes: Type.Array(NewEventType),
  filter: nullable(Json),
  transformation: nullable(Type.String({ description: "Code of the transformation of the endpoint." })),
  setup: Type.Array(Type.String(), { description: "What to do next, in order." }),
};

export const TemplateInstanceOut = Type.Object(
  {
    source: nullable(ref(IngestSourceOut)),
    watch: nullable(ref(WatchOut)),
    endpoint: ref(EndpointOut),
    ...Shared,
  },
  { $id: "TemplateInstanceOut", description: "What was created." },
);

export const TemplateDryRunOut = Type.Object(
  {
    source: nullable(
      Type.Object({
        name: Type.String(),
        kind: Type.String(),
        type: Type.String(),
        config: Type.Record(Type.String(), Type.Unknown(), { description: "Without secrets." }),
      }),
    ),
    watch: nullable(
      Type.Object({
        name: Type.String(),
        eventTypes: nullable(Names),
        emit: Type.Object({ type: Type.String() }),
        rule: Rule,
      }),
    ),
    endpoint: Type.Object({
      kind: Type.String(),
      description: Type.String(),
      url: Type.String({ description: "Without secrets." }),
      config: Type.Record(Type.String(), Type.Unknown(), { description: "Without secrets." }),
      eventTypes: nullable(Names),
    }),
    ...Shared,
  },
  { $id: "TemplateDryRunOut", description: "What would be created." },
);

export const TEMPLATE_MODELS = [TemplateOut, TemplateList, TemplateIn, TemplateInstanceOut, TemplateDryRunOut];
