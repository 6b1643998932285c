/** Creates the objects that a template describes, in one transaction. */
import { checkConfig, type ConfigInput } from "../../fields/config.ts";
import { invalid, notFound, ValidationError } from "../../lib/errors.ts";
import { WEBHOOK_SOURCE } from "../../sources/kinds.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { PlannedEventType, SourcePlan, Template, TemplatePlan } from "../../templates/template.ts";
import { templateNamed } from "../../templates/templates.ts";
import { requirePermission } from "../access.ts";
import { inside, type OutsideCall, type TransactionContext, write } from "../context.ts";
import { createEndpoint } from "../endpoint/create.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { getEndpoint } from "../endpoint/find.ts";
import { setFilter } from "../endpoint/filter.ts";
import { saveTransformation } from "../endpoint/transformation.ts";
import { saveEventType } from "../event-type/create.ts";
import { findEventType } from "../event-type/find.ts";
import { createSource, type CreatedSource } from "../source/create.ts";
import { definitionOf, GENERIC_TYPE } from "../source/kind.ts";
import { applicationIdOf, DEFAULT_SETTINGS } from "../source/source.ts";
import type { Verification } from "../source/verification.ts";
import { insertWatch } from "../watch/save.ts";
import type { Watch } from "../watch/watch.ts";
import { describedByForm } from "./form-errors.ts";

export interface InstantiateTemplate {
  readonly template: string;
  /** Application that publishes the events; `null`: the template has a source. */
  readonly app: string | null;
  readonly values: ConfigInput;
}

export interface TemplateInstance {
  readonly plan: TemplatePlan;
  readonly setup: readonly string[];
  readonly source: CreatedSource | null;
  readonly eventTypes: readonly (PlannedEventType & { readonly isNew: boolean })[];
  readonly watch: Watch | null;
  readonly endpoint: Endpoint;
}

/** Creates everything or nothing, with the permissions for each part. Event types that exist are used as they are. */
export async function instantiateTemplate(call: OutsideCall<InstantiateTemplate>): Promise<TemplateInstance> {
  const request = await prepared(call);
  const { actor } = call.ctx;
  return write(call.ctx, async (tx) => {
    const instance = await create(inside(call.ctx, tx), request);
    requirePermission(actor, "endpoints:write");
    if (instance.source !== null) requirePermission(actor, "sources:write");
    if (instance.watch !== null) requirePermission(actor, "watches:write");
    if (instance.eventTypes.some(({ isNew }) => isNew)) requirePermission(actor, "event-types:write");
    return instance;
  });
}

/** Creates everything, checks it, and undoes it. */
export async function previewTemplate(call: OutsideCall<InstantiateTemplate>): Promise<TemplateInstance> {
  const request = await prepared(call);
  const { services, operation } = call.ctx;
  try {
    return await services.store.transaction<never>(async (tx) => {
      throw new Undo(await create(inside(call.ctx, tx), request));
    }, operation);
  } catch (error) {
    if (error instanceof Undo) return error.instance;
    throw error;
  }
}

/** Rolls the transaction of a preview back. */
class Undo extends Error {
  override readonly name = "Undo";
  readonly instance: TemplateInstance;

  constructor(instance: TemplateInstance) {
    super("A preview is not stored.");
    this.instance = instance;
  }
}

interface Prepared {
  readonly template: Template;
  readonly name: string;
  readonly values: ConfigInput;
  readonly plan: TemplatePlan;
  readonly app: string | null;
  readonly horizon: number;
}

async function prepared({ ctx, input }: OutsideCall<InstantiateTemplate>): Promise<Prepared> {
  const template = templateNamed(input.template);
  if (template === null) throw notFound("template");
  const checked = checkConfig(template, input.values, null);
  if (checked.kind === "invalid") {
    throw new ValidationError(
      checked.problems.map(({ field, problem }) => ({
        loc: ["body", "values", field],
        msg: problem,
        type: "value_error",
      })),
    );
  }
  const plan = template.plan(checked.config);
  if (plan.source === null && input.app === null) {
    throw invalid("app", "This template needs an application, which publishes its events.");
  }
  if (plan.source !== null && input.app !== null) {
    throw invalid("app", "Omit this field: the events of this template come from a source that it creates.");
  }
  const horizon = await ctx.services.feeds.horizon();
  return {
    template,
    name: String(checked.config["name"]),
    values: checked.config,
    plan,
    app: input.app,
    horizon,
  };
}

async function create(ctx: TransactionContext, request: Prepared): Promise<TemplateInstance> {
  const { plan, name, values, template } = request;
  const { source: planned } = plan;
  const source =
    planned === null
      ? null
      : await describedByForm({ values, part: planned }, () =>
          createSource({ ctx, input: sourceInput(name, planned) }),
        );
  const place =
    source === null
      ? { ctx, app: request.app! }
      : { ctx: { ...ctx, applicationKind: APPLICATION_KIND.source }, app: applicationIdOf(source.source.id) };
  const eventTypes = await addEventTypes(ctx, plan.eventTypes);
  return {
    plan,
    setup: template.setup,
    source,
    eventTypes,
    watch: await addWatch(place, request),
    endpoint: await addEndpoint(place, request),
  };
}

interface Place {
  readonly ctx: TransactionContext;
  readonly app: string;
}

async function addEventTypes(ctx: TransactionContext, planned: readonly PlannedEventType[]) {
  const added = [];
  for (const { name, description } of planned) {
    const existing = await findEventType(ctx, name);
    const isNew = existing === null || existing.archived;
    if (isNew) {
      const fields = { name, description, archived: false, deprecated: false };
      await saveEventType(ctx, existing, { ...fields, schemas: null, featureFlags: null, groupName: null });
    }
    added.push({ name, description, isNew });
  }
  return added;
}

async function addWatch({ ctx, app }: Place, { plan, name, values, horizon }: Prepared): Promise<Watch | null> {
  const { watch } = plan;
  if (watch === null) return null;
  const { eventTypes, emits: emitType, rule } = watch;
  const input = { name, uid: null, eventTypes, emitType, emitApp: null, rule, isPaused: false };
  return describedByForm({ values, part: watch }, () => insertWatch({ ctx, input: { ...input, app } }, horizon));
}

async function addEndpoint({ ctx, app }: Place, { plan, name, values }: Prepared): Promise<Endpoint> {
  const { kind, url, config, eventTypes, filter, transformation } = plan.endpoint;
  const fields = { description: name, version: 1, throttleRate: null, disabled: false, channels: null, metadata: {} };
  const target = { kind, url, config, eventTypes };
  return describedByForm({ values, part: plan.endpoint }, async () => {
    const input = { ...fields, ...target, uid: null, app, secret: null, headers: {} };
    const endpoint = await createEndpoint({ ctx, input });
    const ref = { app, endpoint: endpoint.id };
    if (filter !== null) await setFilter({ ctx, input: { ...ref, filter: JSON.stringify(filter) } });
    if (transformation !== null) {
      await saveTransformation(ctx, await getEndpoint(ctx, ref), { code: transformation, enabled: true });
    }
    return endpoint;
  });
}

function sourceInput(name: string, plan: SourcePlan) {
  const common = { ...DEFAULT_SETTINGS, name, uid: null, metadata: {}, expiresAt: null };
  if ("config" in plan) {
    const { kind, config } = plan;
    return { ...common, type: kind, kind, config: {}, kindConfig: config, secrets: [] };
  }
  const { type, secret, eventType } = plan;
  const received = { type, kind: WEBHOOK_SOURCE, config: {}, kindConfig: null };
  const secrets = secret === null ? [] : [secret];
  const verification = type === GENERIC_TYPE ? bearer(eventType) : null;
  // Providers that sign nothing would be rejected otherwise.
  const allowUnsigned = definitionOf(type, verification)?.unsigned !== undefined;
  return { ...common, ...received, secrets, verification, allowUnsigned };
}

function bearer(eventType: string | undefined): Verification {
  return { scheme: "bearer", eventType: eventType === undefined ? [] : [eventType], deliveryId: [], occurredAt: [] };
}
