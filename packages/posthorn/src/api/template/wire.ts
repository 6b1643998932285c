/** Converts templates to their API representation. */
import type { Context } from "../../domain/context.ts";
import type { TemplateInstance } from "../../domain/template/instantiate.ts";
import { completeConfig } from "../../fields/config.ts";
import type { KindConfig } from "../../fields/field.ts";
import { WEBHOOK_SOURCE } from "../../sources/kinds.ts";
import { CATEGORIES, exampleValues, type Template, type TemplatePlan } from "../../templates/template.ts";
import { fieldOut } from "../models/kind-fields.ts";
import { sourceOut } from "../source/wire.ts";
import { watchOut } from "../watch/wire.ts";
import { endpointOut } from "../wire.ts";

export function templateOut(ctx: Context, id: string, template: Template): object {
  const { title, category, summary, needs, setup, fields, examples } = template;
  const plan = template.plan(completeConfig(template, exampleValues(template) as KindConfig));
  const problem = problemOf(ctx, plan);
  return {
    id,
    title,
    category,
    categoryTitle: CATEGORIES[category],
    summary,
    needs,
    setup,
    fields: Object.entries(fields).map(([name, field]) => fieldOut(name, field)),
    needsApplication: plan.source === null,
    creates: createsOut(plan),
    examples,
    available: problem === null,
    problem,
  };
}

/** Why the source cannot be created on this server; `null`: it can, or there is none. */
function problemOf({ services }: Context, { source }: TemplatePlan): string | null {
  if (source === null || source.kind === WEBHOOK_SOURCE) return null;
  return services.rules.sourceKinds.problem(source.kind)?.sentence ?? null;
}

function createsOut({ source, eventTypes, watch, endpoint }: TemplatePlan): object {
  return {
    source: source === null ? null : { kind: source.kind, type: "type" in source ? source.type : source.kind },
    eventTypes,
    watch: watch === null ? null : { eventTypes: watch.eventTypes, emits: watch.emits },
    endpoint: {
      eventTypes: endpoint.eventTypes,
      filter: endpoint.filter !== null,
      transformation: endpoint.transformation !== null,
    },
  };
}

export async function instanceOut(ctx: Context, instance: TemplateInstance): Promise<object> {
  const { source, watch, endpoint } = instance;
  return {
    source: source === null ? null : sourceOut(source.source, source.ingestUrl),
    watch: watch === null ? null : await watchOut(ctx, watch),
    endpoint: endpointOut(endpoint),
    ...sharedOut(instance),
  };
}

/** Without IDs, URLs and times, which another run would not have. */
export function dryRunOut(instance: TemplateInstance): object {
  const { source, watch, endpoint } = instance;
  return {
    source: source === null ? null : plannedSource(sourceOut(source.source, source.ingestUrl)),
    watch:
      watch === null
        ? null
        : { name: watch.name, eventTypes: watch.eventTypes, emit: { type: watch.emitType }, rule: watch.rule },
    endpoint: {
      kind: endpoint.kind,
      description: endpoint.description,
      url: endpoint.url,
      config: endpoint.config?.values ?? {},
      eventTypes: endpoint.eventTypes,
    },
    ...sharedOut(instance),
  };
}

function plannedSource(source: object): object {
  const { name, kind, type, config } = source as Readonly<Record<string, unknown>>;
  return { name, kind, type, config };
}

function sharedOut({ eventTypes, plan, setup }: TemplateInstance): object {
  const { filter, transformation } = plan.endpoint;
  return { eventTypes, filter, transformation, setup };
}
